"""The optimiser of the weight matrices: momentum, with steps of equal length in all directions."""
import torch

QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's coefficients: singular values end between 0.7 and 1.2 after five rounds


def orthogonal(matrix, dtype):
    """Approximately the nearest semi-orthogonal matrix: Newton-Schulz iteration on a [rows, columns] matrix."""
    linear, cubic, quintic = QUINTIC
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = (wide / (wide.norm() + 1e-7)).to(dtype)
    for _ in range(5):
        square = x @ x.T
        x = linear * x + (cubic * square + quintic * (square @ square)) @ x
    return (x if wide is matrix else x.T).float()


class Muon(torch.optim.Optimizer):
    """Muon (Jordan 2024) with the scale of Liu et al. 2025 (arXiv 2502.16982), by which rates mean what they do in AdamW.

    PyTorch's implementation takes only matrices, while a convolution has three axes, and multiplies in bfloat16 on every
    CPU; here `dtype` chooses the type."""

    def __init__(self, parameters, dtype, weight_decay=0.1, momentum=0.95):
        super().__init__(parameters, {"lr": 0.0, "weight_decay": weight_decay, "momentum": momentum})
        self.dtype = dtype

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in (p for p in group["params"] if p.grad is not None):  # no clip of the batch had such a label
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                momentum.lerp_(weight.grad, 1 - group["momentum"])
                change = orthogonal(weight.grad.lerp(momentum, group["momentum"]).flatten(1), self.dtype)
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(change.view_as(weight), alpha=group["lr"] * 0.2 * max(change.shape) ** 0.5)
