"""The same parts on Ray: past one machine, on a file system that all of them see."""

from collections.abc import Callable, Iterator, Sequence

from ecgview.errors import ModelError
from ecgview.models.archive import Plan


def on_ray(work: Callable[[Plan, int], None], plan: Plan, numbers: Sequence[int]) -> Iterator[int]:
    """Run the parts as Ray tasks, on the cluster of RAY_ADDRESS or on this machine; yield them as they end.

    Raises:
        ModelError: Ray is not installed.
    """
    try:
        import ray
    except ImportError:
        raise ModelError("this needs Ray", expected="pip install 'ecgview[ray]'") from None
    started = not ray.is_initialized()
    if started:
        ray.init(log_to_driver=False, include_dashboard=False, configure_logging=False)
    try:
        task = ray.remote(num_gpus=1 if plan.device == "cuda" else 0)(work)
        running = {task.remote(plan, number): number for number in numbers}
        while running:
            (finished,), _ = ray.wait(list(running), num_returns=1)
            ray.get(finished)
            yield running.pop(finished)
    finally:
        if started:
            ray.shutdown()
