#include <stdio.h>
int main(void) {
    puts("earmark");
    return 0;
}
