"""One training loop for every objective: seeded, resumable within an epoch, on one device or many."""

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn

from ecgview.errors import ModelError
from ecgview.progress import Counted, Progress, silent
from ecgview.training.data.share import process_state
from ecgview.training.engine import run_state
from ecgview.training.engine.optimisation import LoopSettings, learning_rate_at, optimiser_of, plateau_scale

Batches = Callable[[int, int], Iterable[Any]]  # (epoch, first step) -> the same batches whenever asked again
Validate = Callable[[nn.Module], Mapping[str, float]]
_BLOCKS = "▁▂▃▄▅▆▇█"


def fit(
    model: nn.Module,
    batches: Batches,
    settings: LoopSettings,
    out: Path,
    *,
    validate: Validate | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> nn.Module:
    """Train `model`, whose forward(batch) returns {"loss": ..., figures...}; return the averaged weights' module.

    The state is written atomically to `out/last.pt` after every epoch, and within long ones; `out/log.csv` has
    one row per epoch. A second call with the same arguments goes on where the first one stopped and ends, on one
    device, with the same weights to the last bit. The best epoch by `settings.select` is kept in `out/best.pt`.
    Under torchrun or `accelerate launch` every process calls this; the first one writes.

    Raises:
        ModelError: the loss is not finite, the folder holds a run of another network, or a plateau schedule has
            nothing that is validated.
        Cancelled: `progress` says that nobody waits any more; the last saved state is kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    run = _Run(model, settings, out, validate, device, progress)
    while run.state.epoch < settings.epochs and not run.is_stale:
        run.epoch(batches)
    return run.finished()


class _Run:
    """A model on its way: what `fit` does, one epoch at a time."""

    def __init__(
        self,
        model: nn.Module,
        settings: LoopSettings,
        out: Path,
        validate: Validate | None,
        device: str,
        progress: Progress,
    ) -> None:
        self.settings, self.out, self.validate, self.progress = settings, out, validate, progress
        self.accelerator = _accelerator(settings, device)
        self.bare = model
        if settings.schedule == "plateau" and validate is None:
            raise ModelError(
                "nothing is validated here", expected="a schedule other than plateau", found=settings.schedule
            )
        optimiser = optimiser_of(model, settings)
        averaged = {name: value.detach().clone() for name, value in model.state_dict().items()}
        self.state = run_state.resume(model, optimiser, averaged, self.accelerator.scaler, out)
        self.model, self.optimiser = self.accelerator.prepare(model, optimiser)
        self.averaged = {name: value.to(self.accelerator.device) for name, value in averaged.items()}
        self.saved = time.monotonic()
        self.left = 1.0  # of the rate, after what a plateau schedule took of it

    @property
    def is_stale(self) -> bool:
        """Whether validation has not bettered for as long as the settings allow, or the rate has run out."""
        settings = self.settings
        ended = settings.learning_rate * self._plateau() < settings.stop_rate
        return ended or 0 < settings.patience <= self.state.stale

    def _plateau(self) -> float:
        """Return what a plateau schedule has left of the rate; 1 with any other."""
        if self.settings.schedule != "plateau":
            return 1.0
        name = f"val_{self.settings.select}"
        scores = [row.get(name, math.nan) for row in self.state.history]
        return plateau_scale([score for score in scores if math.isfinite(score)], self.settings)

    def epoch(self, batches: Batches) -> None:
        """Train what is left of one epoch, validate, save."""
        state, settings = self.state, self.settings
        self.left = self._plateau()
        self.model.train()
        for batch in _ahead(batches(state.epoch, state.step)):
            self._step(batch)
            state.step += 1
            if time.monotonic() - self.saved > 60 * settings.save_minutes and self._is_whole_step():
                self._keep()
        count = max(1, state.step)
        figures = {"epoch": float(state.epoch)} | self._mean_over_processes(count)
        # Of the last step of the epoch, which an earlier process may have made: it was killed before it came here.
        figures["learning_rate"] = self.left * learning_rate_at(
            state.epoch * settings.steps_per_epoch + count - 1, settings
        )
        done = state.epoch + 1
        if self.validate is not None and (done % settings.validate_every == 0 or done == settings.epochs):
            figures |= self._validated()
            self._choose(figures.get(f"val_{settings.select}", -math.inf))
        state.history.append(figures)
        state.epoch, state.step, state.sums = done, 0, {}
        self._keep()

    def finished(self) -> nn.Module:
        """Return the module with the weights that are kept, as it came."""
        self.accelerator.wait_for_everyone()
        self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)
        self.bare.load_state_dict(self._weights())
        return self.bare.cpu()

    def _is_whole_step(self) -> bool:
        return self.state.step % self.settings.accumulate == 0

    def _step(self, batch: Any) -> None:
        settings, state = self.settings, self.state
        step = state.epoch * settings.steps_per_epoch + state.step
        rate = self.left * learning_rate_at(step, settings)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["scale"]
        # A seed for every step and process: a run that is taken up again draws the same masks and
        # dropouts.
        torch.manual_seed(
            (settings.seed * 100_003 + step) * self.accelerator.num_processes + self.accelerator.process_index
        )
        # The last batches of an epoch make a step of their own, else their gradients would leak into the
        # next.
        last = (state.step + 1) % settings.accumulate == 0 or state.step + 1 == settings.steps_per_epoch
        apart = contextlib.nullcontext() if last else self.accelerator.no_sync(self.model)
        with apart:
            outcome = self.model(moved(batch, self.accelerator.device))
            loss: Tensor = outcome["loss"]
            if not torch.isfinite(loss):
                raise ModelError(
                    f"the loss is not finite in epoch {state.epoch}, step {state.step}; nothing was saved of it"
                )
            self.accelerator.backward(loss / settings.accumulate)
        if last:
            self.accelerator.clip_grad_norm_(self.model.parameters(), settings.clip_norm)
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            self._average(step)
        for name, value in outcome.items():
            state.sums[name] = state.sums.get(name, 0.0) + float(value.detach())
        self._tell(float(loss.detach()))

    def _average(self, step: int) -> None:
        if not self.settings.ema_decay:
            return
        decay = min(self.settings.ema_decay, (1 + step) / (10 + step))  # a short memory at the start
        for name, value in self.bare.state_dict().items():
            if value.is_floating_point():
                self.averaged[name].lerp_(value, 1 - decay)
            else:
                self.averaged[name].copy_(value)  # counters of batch norms have no mean

    def _weights(self) -> dict[str, Tensor]:
        return self.averaged if self.settings.ema_decay else self.bare.state_dict()

    def _mean_over_processes(self, count: int) -> dict[str, float]:
        names = sorted(self.state.sums)
        values = torch.tensor([self.state.sums[name] / count for name in names], dtype=torch.float64)
        if self.accelerator.num_processes > 1:
            values = self.accelerator.reduce(values.float().to(self.accelerator.device), "mean").cpu()
        return dict(zip(names, values.tolist(), strict=True))

    def _validated(self) -> dict[str, float]:
        """Return the figures of the weights that would be kept, and put the running weights back."""
        figures: list[Any] = [None]
        if self.accelerator.is_main_process and self.validate is not None:
            # Validated are the weights that would be kept: with an average they differ from those in
            # training.
            running = {name: value.clone() for name, value in self.bare.state_dict().items()}
            self.bare.load_state_dict(self._weights())
            self.bare.eval()
            figures = [{f"val_{name}": float(value) for name, value in self.validate(self.bare).items()}]
            self.bare.load_state_dict(running)
        if self.accelerator.num_processes > 1:
            broadcast_object_list(figures)
        return dict(figures[0])

    def _choose(self, score: float) -> None:
        state = self.state
        state.stale += 1
        # A small validation fold may lack what the score needs: then the last epoch is kept, not none.
        score = -math.inf if math.isnan(score) else score
        if score > state.best or state.best == -math.inf:
            state.best, state.stale = score, 0
            if self.accelerator.is_main_process:
                run_state.save(
                    self.out / run_state.BEST,
                    {"model": self._weights(), "epoch": state.epoch, "score": score},
                )

    def _keep(self) -> None:
        if self.accelerator.is_main_process:
            optimiser = self.optimiser.optimizer
            run_state.keep(self.bare, optimiser, self.averaged, self.accelerator.scaler, self.state, self.out)
        self.saved = time.monotonic()

    def _tell(self, loss: float) -> None:
        state, settings = self.state, self.settings
        done = state.epoch * settings.steps_per_epoch + state.step + 1
        curve = sparkline([row["loss"] for row in state.history][-24:])
        total = settings.epochs * settings.steps_per_epoch
        self.progress(
            Counted(min(done, total), total, "steps"), f"epoch {state.epoch} loss {loss:.4f} {curve}".strip()
        )


def _accelerator(settings: LoopSettings, device: str) -> Accelerator:
    """Return the engine; its precision is one per process, so an earlier run's is forgotten first."""
    AcceleratorState._reset_state()
    precision = "no" if settings.precision == "fp32" else settings.precision
    return Accelerator(
        mixed_precision=precision,
        cpu=process_state(device).device.type == "cpu",
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )


def _ahead(items: Iterable[Any]) -> Iterator[Any]:
    """Yield the items, the next one made in the meantime."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, iterator, end)
            yield item


def moved(batch: Any, device: torch.device) -> Any:
    """Return a batch, a tensor or a dataclass of tensors, on a device."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    if is_dataclass(batch) and not isinstance(batch, type):
        tensors = {f.name: getattr(batch, f.name) for f in fields(batch)}
        return replace(
            batch, **{name: moved(value, device) for name, value in tensors.items() if value is not None}
        )
    return batch


def sparkline(values: list[float]) -> str:
    """Return a curve of block characters: the losses so far, for a line of text."""
    if not values:
        return ""
    low, span = min(values), (max(values) - min(values)) or 1.0
    return "".join(_BLOCKS[round((value - low) / span * (len(_BLOCKS) - 1))] for value in values)
