"""Looks into a network: what is wrong with it, its layers, maps, samples, and its probes over time."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from workbench import units
from workbench.debugging.client import RefusedError
from workbench.debugging.protocol import Examined, SampleView
from workbench.errors import WorkbenchError
from workbench.tui import keys
from workbench.tui.inspect.facts import LOOKS, TABS, Network, Place, Shot, Tab
from workbench.tui.inspect.layer_rows import Row, called, module_of, statistics
from workbench.tui.inspect.looker import Looker, refused
from workbench.tui.inspect.moving import opened_at, reach_of
from workbench.tui.inspect.requests import awaited
from workbench.tui.inspect.subject import Subject
from workbench.tui.inspect.words import header, name_only, where
from workbench.tui.painting import paint_now
from workbench.tui.screens.network import NetworkScreen
from workbench.tui.screens.own_picture import OwnPictureScreen
from workbench.tui.text import ACCENT, MUTED, Calm, content
from workbench.tui.widgets.findings import Findings
from workbench.tui.widgets.inside_look import InsideLook
from workbench.tui.widgets.inspected_layers import InspectedLayers, InspectedLayersTable
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.notice import Notice
from workbench.tui.widgets.over_time import OverTime
from workbench.tui.widgets.tab_line import TabLine

NAMES: tuple[Tab, ...] = tuple(TABS)
TICK_S = 0.5
SILENCE_S = 0.3  # answers that come sooner are not announced


class InspectScreen(NetworkScreen):
    """One network, loaded by a worker of its own, which ends when the page is left."""

    DEFAULT_CSS = """
    InspectScreen {
        #network { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; }
        #where {
            height: 1;
            padding: 0 1;
            text-wrap: nowrap;
            text-overflow: ellipsis;
            &.-empty { display: none; }
        }
        ContentSwitcher { height: 1fr; padding: 0 1; }
        #lacking { height: 1fr; }
        &.-alone { #network, TabLine, #where { display: none; } }
        &.-low {
            TabLine, Findings > Calm, InspectedLayers > Calm { margin: 0; }
            InspectedLayers > Calm { max-height: 2; }
        }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]
    BINDINGS = keys.bindings("inside", "insidetabs")

    @dataclass
    class Seen(Message):
        """What was drawn of a place; None where another one is wanted meanwhile."""

        looker: Looker
        shot: Shot | None

    @dataclass
    class PictureTaken(Message):
        """A picture of one's own is a sample now."""

        looker: Looker
        view: SampleView

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._tab: Tab = "findings"
        self._place = Place()
        self._own_samples = 0
        self._looking: Place | None = None  # what a thread asks for
        self._shown: Place | None = None

    def compose(self) -> ComposeResult:
        yield Calm(name_only(self.subject.name), id="network")
        yield TabLine(tuple(TABS.values()), "insidetabs")
        yield Notice()
        yield Calm(id="where")
        with ContentSwitcher(initial="findings"):
            yield Findings()
            yield InspectedLayers()
            yield InsideLook()
            yield OverTime(self.subject.folder)
            yield Calm(id="lacking")
        yield KeyLine()

    def on_mount(self) -> None:
        forget = self.query_one(InsideLook).forget_pictures
        self.workbench.leaving.subscribe(self, lambda _: forget(), immediate=True)
        self.set_interval(TICK_S, self._tell_waiting)
        self.load()

    # Loading.

    def loading_began(self) -> None:
        self._looking, self._shown, self._own_samples = None, None, 0
        self.query_one(Notice).say("")
        self.query_one(Findings).wait("the network is examined as soon as it is loaded")
        self._tell_waiting()
        self.refresh_bindings()

    def broke(self, fault: WorkbenchError) -> None:
        self._looking = None
        again = f"{keys.shown_for('inside.again')} tries again"
        remedy = f"{fault.remedy}\n{again}" if fault.remedy else again
        self.query_one(Notice).say(fault.title, remedy)
        if self.network is None:
            self.query_one(Findings).wait("")
        self._tell_waiting()

    def loaded(self, network: Network) -> None:
        opened, layers = network.opened, network.table.layers
        self.query_one("#network", Calm).show(header(opened, self._width))
        self.query_one(Notice).say("\n".join(opened.notes), style=MUTED)
        self._show_rows()
        there = {(one.name, one.call) for one in layers}
        if (module_of(self._place.layer), self._place.call) not in there and layers:
            self._place = replace(self._place, layer=layers[0].name, call=layers[0].call)
        self.query_one(Findings).wait("the network is being probed…")
        self.action_show_tab(NAMES.index(self._tab))

    @property
    def _width(self) -> int:
        return self.query_one("#network", Calm).content_size.width

    def judged(self, examined: Examined) -> None:
        """Stand on the worst finding, and on its layer in the table."""
        self._show_rows()
        self.query_one(Findings).fill(examined)
        sickest = next((one.layer for one in examined.findings if one.layer), "")
        if sickest and self._tab == "findings":
            self._go_to(sickest)
        self._show_where()

    def not_judged(self, fault: WorkbenchError) -> None:
        self.query_one(Findings).refuse(fault.title, fault.remedy)

    def _show_rows(self) -> None:
        self.query_one(InspectedLayersTable).fill(self.rows)

    def _go_to(self, layer: str, call: int = 0) -> None:
        """Stand on a layer, in the table and for what is seen of it."""
        self._place = replace(self._place, layer=layer, call=call, page=0, number=-1)
        self.query_one(InspectedLayersTable).choose(layer, call)

    # Looking.

    def on_inside_look_place_changed(self, message: InsideLook.PlaceChanged) -> None:
        before, self._place = self._place, message.place
        if (before.layer, before.call) != (self._place.layer, self._place.call):
            self.query_one(InspectedLayersTable).choose(self._place.layer, self._place.call)
        self._show_where()
        self._look()

    def _look(self) -> None:
        """Have what is to be seen drawn, one thing at a time, the newest next."""
        looker, place = self.looker, self._place
        ready = self.network is not None and not self.broken and place.width and place.height
        wanted = place.tab in LOOKS and place != self._shown
        if self._looking is not None or looker is None or not ready or not wanted:
            return
        self._looking, self.waiting_since = place, time.monotonic()

        def look() -> Message:
            try:
                return self.Seen(looker, looker.look(place, lambda: self._place == place))
            except RefusedError as fault:
                return self.Seen(looker, refused(place, fault))
            except WorkbenchError as fault:
                if not looker.alive:
                    return self.Broke(looker, fault)
                return self.Seen(looker, refused(place, fault))

        self.in_thread(look, "look", exclusive=False)

    def on_inspect_screen_seen(self, message: Seen) -> None:
        if message.looker is not self.looker or self.network is None:
            return
        place, self._looking = self._looking, None
        if message.shot is not None:
            self._shown = message.shot.place
            reach = reach_of(self.network, self._own_samples, message.shot)
            self.query_one(InsideLook).take(message.shot, reach)
        if self._place != place:
            self._look()
        self._tell_waiting()

    def on_inside_look_alone_changed(self, message: InsideLook.AloneChanged) -> None:
        self.set_class(message.alone, "-alone")

    def on_over_time_alone_changed(self, message: OverTime.AloneChanged) -> None:
        self.set_class(message.alone, "-alone")

    def on_inside_look_sample_opened(self, message: InsideLook.SampleOpened) -> None:
        self._place = replace(self._place, sample=message.index)
        self.action_show_tab(NAMES.index("sample"))

    # What is said above it.

    def _say_where(self, said: Content) -> None:
        line = self.query_one("#where", Calm)
        line.set_class(not said, "-empty")
        line.show(said)

    def _tell_waiting(self) -> None:
        """What is waited for, once that takes a moment; else where one is."""
        waited_s = time.monotonic() - self.waiting_since
        if self.network is None and not self.broken:
            self._say_where(content(self._loading(waited_s), ACCENT))
        elif self._looking is not None and waited_s > SILENCE_S:
            words = f"asks for {awaited(self._looking)} …  {units.duration(round(waited_s))}"
            self._say_where(content(words, ACCENT))
        else:
            self._show_where()

    def _loading(self, waited_s: float) -> str:
        standby = self.session.standby
        warm = standby is not None and standby.ready
        what = "the untrained network" if self.subject.folder is None else "the checkpoint"
        torch = "" if warm else ", and torch, which takes seconds"
        return f"loading {what}{torch} …  {units.duration(round(waited_s))}"

    def _show_where(self) -> None:
        row = self._row
        statistics_of = statistics(row) if row is not None and row.probe is not None else None
        self._say_where(where(row, statistics_of, self._tab))

    @property
    def _row(self) -> Row | None:
        """The layer that one stands on."""
        here = self._place.layer, self._place.call
        return next((row for row in self.rows.rows if row.key == here), None)

    def on_resize(self) -> None:
        if self.network is not None:
            self.query_one("#network", Calm).show(header(self.network.opened, self._width))

    # Tabs.

    def action_tab(self, by: int) -> None:
        self.action_show_tab((NAMES.index(self._tab) + by) % len(NAMES))

    def action_show_tab(self, index: int) -> None:
        is_new, self._tab = self._tab != NAMES[index], NAMES[index]
        tabs = self.query_one(TabLine)
        tabs.mark(index)
        paint_now(tabs)
        switcher = self.query_one(ContentSwitcher)
        switcher.current = self._page()
        inside = switcher.query_one(f"#{switcher.current}").walk_children(Widget, with_self=True)
        self.set_focus(next((widget for widget in inside if widget.focusable), None))
        if switcher.current == "look":
            self._open_look(is_new)
        elif switcher.current == "over_time" and self._row is not None:
            self.query_one(OverTime).stand_on(called(self._row.layer))
        self._show_where()
        self.refresh_bindings()

    def _page(self) -> str:
        """The part of the page that shows the tab; a sentence where there is nothing to see."""
        network = self.network
        if self._tab in {"findings", "over_time"}:
            return self._tab
        lacking = "" if network is None else network.opened.lacking.get(self._tab, "")
        if network is None or lacking:
            told = content(f"not here: {lacking}" if lacking else "", MUTED)
            self.query_one("#lacking", Calm).show(told)
            return "lacking"
        return "layers" if self._tab == "layers" else "look"

    def _open_look(self, is_new: bool) -> None:
        look = self.query_one(InsideLook)
        assert self.network is not None
        if is_new:
            look.clear()
            self._shown = None
        look.reach = reach_of(self.network, self._own_samples, None)
        self._place = opened_at(self._place, self._tab, look.reach)
        look.see(self._place)
        self._place = look.place
        self._look()

    # What a person does with it.

    def on_findings_layer_asked(self, message: Findings.LayerAsked) -> None:
        """From a finding to its layer."""
        if message.layer:
            self._go_to(message.layer)
        lacks_maps = self.network is not None and "maps" in self.network.opened.lacking
        self.action_show_tab(NAMES.index("layers" if lacks_maps or not message.layer else "maps"))

    def on_inspected_layers_table_opened(self, message: InspectedLayersTable.Opened) -> None:
        self._go_to(*message.row.key)
        self.action_show_tab(NAMES.index("maps"))

    def on_line_table_moved(self) -> None:
        """Another layer is under the cursor of the table."""
        row = self.query_one(InspectedLayersTable).chosen
        if self._tab == "layers" and row is not None:
            self._place = replace(self._place, layer=row.layer.name, call=row.layer.call)
            self._show_where()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A picture can be shown only to a network that takes some."""
        if action == "own_picture":
            opened = None if self.network is None else self.network.opened
            return opened is not None and "own_picture" not in opened.lacking and not self.broken
        return super().check_action(action, parameters)

    def action_again(self) -> None:
        self.load()

    def action_own_picture(self) -> None:
        self.app.push_screen(OwnPictureScreen(), self._show_picture)

    def _show_picture(self, path: str | None) -> None:
        looker = self.looker
        if path is not None and looker is not None:
            self.in_thread(
                lambda: self.PictureTaken(looker, looker.own_picture(path)), "picture", exclusive=False
            )

    def on_inspect_screen_picture_taken(self, message: PictureTaken) -> None:
        if message.looker is self.looker and self.network is not None:
            self._own_samples = message.view.count - self.network.opened.samples
            self._place = replace(self._place, sample=message.view.index)
            in_pictures = self._tab in {"maps", "class_map", "attention", "sample"}
            self.action_show_tab(NAMES.index(self._tab if in_pictures else "sample"))

    def on_screen_suspend(self) -> None:
        self._covered()

    def on_screen_resume(self) -> None:
        self._covered()

    def _covered(self) -> None:
        for look in self.query(InsideLook):  # none, where another screen came before the page was made
            look.covered()

    def action_back(self) -> None:
        self.dismiss()
