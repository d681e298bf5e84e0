"""Answers what is asked about a network: which function of which module makes the figure."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import torch
from msgspec.structs import replace
from torch import Tensor, nn

from workbench.debugging import (
    attention_maps,
    class_maps,
    grey,
    inputs,
    judging,
    kernels,
    maps,
    mistakes,
    protocol,
    subject,
)
from workbench.debugging.examining import examined
from workbench.debugging.layers import recorded_layers
from workbench.debugging.passes import Passes, checked_layer, predicted
from workbench.debugging.protocol import Answer, LayerTable, Opened, Request, SampleView, View
from workbench.debugging.samples import One, kind_of
from workbench.debugging.subject import Subject
from workbench.errors import UsageError, WorkbenchError
from workbench.figures.data import Cell, ImageGrid, Picture, Table
from workbench.training.recipe import Training
from workbench.training.trees import tensors_in

_METHODS = {
    "grad_cam": "Grad-CAM",
    "integrated_gradients": "Integrated gradients",
    "occlusion": "Occlusion",
}
SPAN_SAMPLES = 64  # whose numbers tell what is black and what is white


class Desk:
    """Holds one network at a time; used by one thread.

    `still_wanted` is called in the middle of long answers, and ends them by raising.
    """

    def __init__(self, still_wanted: Callable[[], None] = lambda: None) -> None:
        self._still_wanted = still_wanted
        self._subject: Subject | None = None
        self._look: _Look | None = None

    def answer(self, request: Request) -> Answer:
        """What was asked for.

        Raises:
            WorkbenchError: when it cannot be had, with the reason.
        """
        if isinstance(request, protocol.OpenRun | protocol.OpenRecipe):
            return self._open(request)
        if self._look is None:
            raise UsageError("no network has been opened", "open a run or a recipe first")
        return self._look.answer(request)

    def close(self) -> None:
        """Let the network and its device go."""
        self._look = None
        if self._subject is not None:
            self._subject.close()
            self._subject = None

    def _open(self, request: protocol.OpenRun | protocol.OpenRecipe) -> Opened:
        self.close()  # first, so that two networks need not fit into the memory
        opened = (
            subject.of_run(request)
            if isinstance(request, protocol.OpenRun)
            else subject.of_recipe(request)
        )
        self._subject, self._look = opened, _Look(opened, self._still_wanted)
        return self._look.opened()


class _Look:
    """What has been seen of one network."""

    def __init__(self, what: Subject, still_wanted: Callable[[], None]) -> None:
        self._what = what
        self._recipe: Training = what.recipe
        self._net: nn.Module = what.recipe.net
        self._samples = what.samples
        self._still_wanted = still_wanted
        self._passes = Passes(self._recipe)
        self._span: tuple[float, float] | None = None
        self._mistakes: mistakes.Found | None = None

    @cached_property
    def _layers(self) -> LayerTable:
        """Told by the first sample, and then known."""
        with torch.no_grad(), recorded_layers(self._net) as layers:
            predicted(self._recipe, self._samples.at(0))
        weights = sum(weight.numel() for weight in self._net.parameters())
        products = sum(layer.multiply_adds for layer in layers)
        return LayerTable(layers=tuple(layers), weights=weights, multiply_adds=products)

    def opened(self) -> Opened:
        what = self._what
        one = self._samples.at(0) if len(self._samples) else None
        return Opened(
            title=what.title,
            recipe=what.recipe_id,
            checkpoint=what.checkpoint,
            step=what.step,
            device=self._recipe.device,
            split=self._samples.split,
            samples=len(self._samples),
            input="none" if one is None else kind_of(one),
            classes=what.classes,
            lacking=self._lacking(one),
            notes=(*what.notes, *self._samples.notes),
        )

    def answer(self, request: Request) -> Answer:
        match request:
            case protocol.Layers():
                return self._layers
            case protocol.Maps():
                return self._maps(request)
            case protocol.Kernels():
                return self._kernels(request)
            case protocol.ClassMap():
                return self._class_map(request)
            case protocol.Attention():
                return self._attention(request)
            case protocol.Sample():
                return self._sample(self._samples.at(request.index))
            case protocol.OwnPicture():
                return self._sample(self._samples.add(Path(request.path).expanduser()))
            case protocol.Mistakes():
                return self._gallery(request.page)
            case protocol.Examine():
                return examined(self._what)
            case _:
                raise UsageError(f"{type(request).__name__} is no request about a network")

    def _lacking(self, one: One | None) -> dict[str, str]:
        """Why some things cannot be asked of this recipe."""
        if one is None:
            reason = "the recipe has no samples"
            names = ("layers", "maps", "class_map", "attention", "sample", "mistakes", "own_picture")
            return dict.fromkeys(names, reason)
        lacking: dict[str, str] = {}
        if kind_of(one) != "picture":
            lacking |= dict.fromkeys(("class_map", "own_picture"), "its inputs are no pictures")
        if judging.labels_of(one.batch) is None:
            lacking["mistakes"] = "its samples have no classes"
        return lacking

    def _maps(self, asked: protocol.Maps) -> View:
        sample = self._samples.at(asked.sample)
        call, outputs = self._passes.outputs(sample, asked.layer, asked.call)
        module = checked_layer(self._net, asked.layer)
        named = f"{asked.layer or 'the network'} ({call.place.kind})"
        page = self._page(outputs, module, named, asked)
        beside = None
        if asked.beside:
            given = self._passes.call(sample, asked.layer, asked.call).inputs
            beside = self._page(given, module, f"before {named}", asked).figure
        calls = len(self._passes.of(sample).of(asked.layer))
        return replace(
            _view("maps", page),
            beside=beside,
            layer=asked.layer,
            kind=call.place.kind,
            call=asked.call,
            calls=calls,
            sample=asked.sample,
        )

    def _page(
        self, tensors: tuple[Tensor, ...], module: nn.Module, title: str, asked: protocol.Maps
    ) -> maps.Page:
        tensor = next((one for one in tensors if one.numel()), None)
        if tensor is None:
            raise WorkbenchError(f"{title}: there are no numbers", "choose another layer")
        along_steps = not type(module).__name__.endswith("1d")
        what = maps.arranged(tensor, module, along_steps=along_steps)
        return maps.drawn(what, title, page=asked.page, number=asked.number, common=asked.common)

    def _kernels(self, asked: protocol.Kernels) -> View:
        module = checked_layer(self._net, asked.layer)
        page = kernels.drawn(module, asked.layer, asked.page)
        return replace(_view("kernels", page), layer=asked.layer, kind=type(module).__name__)

    def _class_map(self, asked: protocol.ClassMap) -> View:
        sample = self._samples.at(asked.sample)
        class_maps.refuse_what_is_no_picture(sample)
        target = asked.target if asked.target >= 0 else self._predicted(sample)
        layer = asked.layer
        if asked.method == "grad_cam" and not layer:
            layer = class_maps.last_with_maps(self._passes.of(sample))
        found = class_maps.attributed(
            self._recipe,
            sample,
            asked.method,
            layer=layer,
            target=target,
            still_wanted=self._still_wanted,
        )
        picture = self._picture(sample)
        shares = class_maps.fitted(found.shares, picture.height, picture.width)
        name = judging.class_name(target, self._what.classes)
        figure = ImageGrid(
            f"{_METHODS[asked.method]} for {name}",
            [picture, grey.laid_over(picture, shares), Picture.of(grey.heated(shares))],
            ["input", name, "alone"],
        )
        return View(
            request="class_map",
            figure=figure,
            layer=found.layer,
            shape=tuple(found.shares.shape),
            low=float(found.shares.min()),
            high=float(found.shares.max()),
            count=3,
            sample=asked.sample,
            target=target,
            notes=found.notes,
        )

    def _predicted(self, sample: One) -> int:
        """The class that the network sees in a sample."""
        output = self._passes.of(sample).output
        judged = judging.judged(output, sample.batch, self._what.classes)
        if judged.predicted >= 0:
            return judged.predicted
        if output is None or output.dim() != 2:
            raise WorkbenchError(
                "the network tells no classes apart", "class maps are for networks that do"
            )
        return int(output[0].argmax())

    def _attention(self, asked: protocol.Attention) -> View:
        sample = self._samples.at(asked.sample)
        found = attention_maps.attending(self._recipe, sample)
        one = attention_maps.chosen(found, self._net, asked.layer, asked.call)
        page = attention_maps.drawn(one, page=asked.page, head=asked.head)
        return replace(
            _view("attention", page),
            layer=one.name,
            kind=type(checked_layer(self._net, one.name)).__name__,
            call=one.call if asked.layer else asked.call,
            calls=sum(asked.layer in {"", other.name} for other in found),
            sample=asked.sample,
        )

    def _sample(self, one: One) -> SampleView:
        output = self._passes.of(one).output
        judged = judging.judged(output, one.batch, self._what.classes)
        names = self._what.classes
        shares = judged.probabilities
        predicted = judging.class_name(judged.predicted, names)
        true = judging.class_name(judged.true, names)
        if shares is None and kind_of(one) != "graph":
            predicted, true = judging.in_words(output), self._target_in_words(one)
        return SampleView(
            index=one.index,
            count=len(self._samples),
            figure=inputs.drawn(one, self._span_of(one)),
            true="" if one.origin else true,
            predicted=predicted,
            sure=judged.sure,
            probabilities=None if shares is None else judging.likeliest(shares, names),
            origin=one.origin,
            notes=one.notes,
        )

    def _target_in_words(self, one: One) -> str:
        tensors = list(tensors_in(one.batch))
        return judging.in_words(tensors[-1]) if len(tensors) > 1 else ""

    def _gallery(self, page: int) -> View:
        if self._mistakes is None:
            self._mistakes = mistakes.most_confident(
                self._recipe, self._samples, len(self._what.classes), self._still_wanted
            )
        found, names = self._mistakes, self._what.classes
        count = len(found.mistakes)
        first = maps.first_of(page, count)
        shown = found.mistakes[first : first + protocol.MAPS_A_PAGE]
        title = f"{found.wrong:,} of {found.looked_at:,} wrong, the most confident first"
        words = [
            (judging.class_name(one.true, names), judging.class_name(one.predicted, names), one.sure)
            for one in shown
        ]
        ones = [self._samples.at(one.index) for one in shown]
        figure: ImageGrid | Table
        if all(kind_of(one) == "picture" for one in ones):
            captions = [f"{true} → {guess} {sure:.0%}" for true, guess, sure in words]
            figure = ImageGrid(title, [self._picture(one) for one in ones], captions)
        else:
            rows: list[list[Cell]] = [[one.index, *row] for one, row in zip(shown, words, strict=True)]
            figure = Table(title, ["sample", "true", "taken for", "sure"], rows)
        return View(
            request="mistakes",
            figure=figure,
            page=page,
            pages=maps.paged(count),
            first=first,
            count=count,
            samples=tuple(one.index for one in shown),
        )

    def _picture(self, one: One) -> Picture:
        return inputs.picture(one, self._span_of(one))

    def _span_of(self, one: One) -> tuple[float, float]:
        """What is black and what is white in this recipe's pictures, told by the first of them."""
        if kind_of(one) != "picture":
            return 0.0, 1.0
        if self._span is None:
            _, batch = next(iter(self._samples.batches(SPAN_SAMPLES)))
            first = next(tensors_in(batch))
            self._span = inputs.span_of(first)
        return self._span


def _view(request: str, page: maps.Page) -> View:
    """What the page of a figure tells; of which module it is, is not known here."""
    alike = page.ranges[0] if len(set(page.ranges)) == 1 else None
    return View(
        request=request,
        figure=page.figure,
        shape=page.shape,
        low=None if alike is None else alike[0],
        high=None if alike is None else alike[1],
        ranges=page.ranges,
        page=page.page,
        pages=page.pages,
        first=page.first,
        count=page.count,
        notes=page.notes,
    )
