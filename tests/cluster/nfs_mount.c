/* A file system that is another host's over NFS, for machines whose kernel has no NFS client:
 * libnfs speaks the protocol (version 3), libfuse mounts it. Used by test_nfs.sh only.
 *
 *   nfs_mount URL FOLDER      nfs://HOST/EXPORT?version=3 mounted on FOLDER, in the foreground
 *
 * As a kernel's client on a hard mount it waits for a server that is gone, and keeps attributes for
 * a second. One request at a time: libnfs wants that of one context. */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <nfsc/libnfs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define ATTRIBUTE_SECONDS 1.0

static struct nfs_context *nfs;

static struct nfsfh *opened(const struct fuse_file_info *info) {
    return (struct nfsfh *)(uintptr_t)info->fh;
}

static int op_getattr(const char *path, struct stat *status, struct fuse_file_info *info) {
    struct nfs_stat_64 st;
    int failure = info != NULL && info->fh != 0 ? nfs_fstat64(nfs, opened(info), &st)
                                                : nfs_lstat64(nfs, path, &st);
    if (failure < 0) return failure;
    *status = (struct stat){.st_ino = st.nfs_ino,
                            .st_mode = (mode_t)st.nfs_mode,
                            .st_nlink = st.nfs_nlink,
                            .st_uid = (uid_t)st.nfs_uid,
                            .st_gid = (gid_t)st.nfs_gid,
                            .st_size = (off_t)st.nfs_size,
                            .st_blksize = (blksize_t)st.nfs_blksize,
                            .st_blocks = (blkcnt_t)st.nfs_blocks,
                            .st_atim = {(time_t)st.nfs_atime, (long)st.nfs_atime_nsec},
                            .st_mtim = {(time_t)st.nfs_mtime, (long)st.nfs_mtime_nsec},
                            .st_ctim = {(time_t)st.nfs_ctime, (long)st.nfs_ctime_nsec}};
    return 0;
}

static int op_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                      struct fuse_file_info *info, enum fuse_readdir_flags flags) {
    struct nfsdir *folder;
    struct nfsdirent *entry;
    (void)offset, (void)info, (void)flags;
    int failure = nfs_opendir(nfs, path, &folder);
    if (failure < 0) return failure;
    while ((entry = nfs_readdir(nfs, folder)) != NULL) {
        struct stat status = {.st_ino = entry->inode, .st_mode = (mode_t)entry->mode};
        if (fill(buffer, entry->name, &status, 0, 0) != 0) break;
    }
    nfs_closedir(nfs, folder);
    return 0;
}

static int op_open(const char *path, struct fuse_file_info *info) {
    struct nfsfh *file;
    int failure = nfs_open(nfs, path, info->flags & (O_ACCMODE | O_TRUNC | O_APPEND), &file);
    if (failure < 0) return failure;
    info->fh = (uintptr_t)file;
    return 0;
}

static int op_create(const char *path, mode_t mode, struct fuse_file_info *info) {
    struct nfsfh *file;
    int failure = nfs_open2(nfs, path, info->flags | O_CREAT, (int)mode, &file);
    if (failure < 0) return failure;
    info->fh = (uintptr_t)file;
    return 0;
}

static int op_release(const char *path, struct fuse_file_info *info) {
    (void)path;
    nfs_close(nfs, opened(info));
    return 0;
}

static int op_read(const char *path, char *data, size_t size, off_t offset,
                   struct fuse_file_info *info) {
    (void)path;
    return nfs_pread(nfs, opened(info), (uint64_t)offset, size, data);
}

static int op_write(const char *path, const char *data, size_t size, off_t offset,
                    struct fuse_file_info *info) {
    (void)path;
    return nfs_pwrite(nfs, opened(info), (uint64_t)offset, size, data);
}

static int op_truncate(const char *path, off_t size, struct fuse_file_info *info) {
    return info != NULL && info->fh != 0 ? nfs_ftruncate(nfs, opened(info), (uint64_t)size)
                                         : nfs_truncate(nfs, path, (uint64_t)size);
}

static int op_fsync(const char *path, int data_only, struct fuse_file_info *info) {
    (void)path, (void)data_only;
    return nfs_fsync(nfs, opened(info));
}

static int op_fsyncdir(const char *path, int data_only, struct fuse_file_info *info) {
    (void)path, (void)data_only, (void)info;
    return 0; /* the server answers when a change of a folder is kept */
}

static int op_rename(const char *from, const char *to, unsigned flags) {
    return flags != 0 ? -EINVAL : nfs_rename(nfs, from, to); /* the protocol has no flags */
}

static int op_link(const char *from, const char *to) {
    return nfs_link(nfs, from, to);
}

static int op_unlink(const char *path) {
    return nfs_unlink(nfs, path);
}

static int op_mkdir(const char *path, mode_t mode) {
    return nfs_mkdir2(nfs, path, (int)mode);
}

static int op_rmdir(const char *path) {
    return nfs_rmdir(nfs, path);
}

static int op_chmod(const char *path, mode_t mode, struct fuse_file_info *info) {
    (void)info;
    return nfs_chmod(nfs, path, (int)mode);
}

static int op_utimens(const char *path, const struct timespec times[2],
                      struct fuse_file_info *info) {
    struct timeval both[2];
    (void)info;
    for (int i = 0; i < 2; i++) {
        if (times[i].tv_nsec == UTIME_NOW || times[i].tv_nsec == UTIME_OMIT)
            gettimeofday(&both[i], NULL);
        else
            both[i] = (struct timeval){times[i].tv_sec, times[i].tv_nsec / 1000};
    }
    return nfs_utimes(nfs, path, both);
}

static int op_statfs(const char *path, struct statvfs *status) {
    return nfs_statvfs(nfs, path, status);
}

static void *op_init(struct fuse_conn_info *connection, struct fuse_config *config) {
    (void)connection;
    config->use_ino = 1;
    config->auto_cache = 1; /* what another host changed is seen when a file is opened */
    config->entry_timeout = config->attr_timeout = ATTRIBUTE_SECONDS;
    config->negative_timeout = 0;
    return NULL;
}

int main(int argc, char **argv) {
    static const struct fuse_operations operations = {.init = op_init,
                                                      .getattr = op_getattr,
                                                      .readdir = op_readdir,
                                                      .open = op_open,
                                                      .create = op_create,
                                                      .release = op_release,
                                                      .read = op_read,
                                                      .write = op_write,
                                                      .truncate = op_truncate,
                                                      .fsync = op_fsync,
                                                      .fsyncdir = op_fsyncdir,
                                                      .rename = op_rename,
                                                      .link = op_link,
                                                      .unlink = op_unlink,
                                                      .mkdir = op_mkdir,
                                                      .rmdir = op_rmdir,
                                                      .chmod = op_chmod,
                                                      .utimens = op_utimens,
                                                      .statfs = op_statfs};
    if (argc != 3) {
        fprintf(stderr, "usage: nfs_mount URL FOLDER\n");
        return 2;
    }
    nfs = nfs_init_context();
    struct nfs_url *url = nfs == NULL ? NULL : nfs_parse_url_dir(nfs, argv[1]);
    if (url == NULL || nfs_mount(nfs, url->server, url->path) != 0) {
        fprintf(stderr, "nfs_mount: %s\n", nfs == NULL ? "no memory" : nfs_get_error(nfs));
        return 1;
    }
    nfs_set_autoreconnect(nfs, -1);
    char *arguments[] = {argv[0], "-f", "-s", "-o", "default_permissions,allow_other",
                         argv[2], NULL};
    return fuse_main(6, arguments, &operations, NULL);
}
