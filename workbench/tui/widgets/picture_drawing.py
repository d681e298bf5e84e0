"""A drawing whose pictures the terminal's own graphics show, above their half blocks."""

from __future__ import annotations

from textual.geometry import Region
from textual.strip import Strip

from workbench.tui.pictures import TerminalPicture
from workbench.tui.widgets.drawing import Drawing


class PictureDrawing(Drawing):
    """Half blocks stay below: they are seen while a dialog or a message covers the page."""

    def __init__(self, empty: str = "") -> None:
        super().__init__(empty)
        self._pictures: tuple[TerminalPicture, ...] = ()
        self._handed_over = False
        self._paint_is_due = False

    def show_figure(self, strips: tuple[Strip, ...], pictures: tuple[TerminalPicture, ...]) -> None:
        """Draw `strips`, and above them `pictures`, in the place of what is there."""
        if pictures is not self._pictures and pictures != self._pictures:
            if self._handed_over:  # dropped once other cells are there
                self.call_after_refresh(self._send, *(one.forget for one in self._pictures))
            self._handed_over, self._pictures = False, pictures
            self._hand_over()
            self.refresh()
        self.show(strips)

    def on_show(self) -> None:
        self._hand_over()

    def on_hide(self) -> None:
        self.forget()

    def on_unmount(self) -> None:
        self.forget()

    def _hand_over(self) -> None:
        """Before the cells that refer to the pictures."""
        if not self._handed_over and self._pictures:
            self._send(*(one.code for one in self._pictures if one.rows))
            self._handed_over = True
            self.refresh()

    def forget(self) -> None:
        """Have the terminal drop the pictures; they are handed over again where they are seen again."""
        if self._handed_over:
            self._handed_over = False
            self._send(*(one.forget for one in self._pictures))

    @property
    def _uncovered(self) -> bool:
        return self._handed_over and self.is_attached and self.app.screen is self.screen

    def render_line(self, y: int) -> Strip:
        drawn = super().render_line(y)
        if not self._pictures or not self._uncovered:
            return drawn
        for one in self._pictures:
            if one.rows and one.line <= y < one.line + one.lines:
                cells = Strip([one.rows[y - one.line]], one.columns).apply_style(self.rich_style)
                end = one.column + one.columns
                drawn = Strip.join([drawn.crop(0, one.column), cells, drawn.crop(end)])
        if not self._pictures[0].rows and not self._paint_is_due:
            # Once this frame is on its way: cells that are written erase what was painted over them.
            self._paint_is_due = True
            self.call_after_refresh(self._paint)
        return drawn

    def _paint(self) -> None:
        self._paint_is_due = False
        if self._uncovered and self.is_on_screen:
            self._send(*(self._painted(one) for one in self._pictures if not self._is_covered(one)))

    def _painted(self, picture: TerminalPicture) -> str:
        cells = self._cells_of(picture)
        return f"\x1b7\x1b[{cells.y + 1};{cells.x + 1}H{picture.code}\x1b8"

    def _cells_of(self, picture: TerminalPicture) -> Region:
        cells = Region(picture.column, picture.line, picture.columns, picture.lines)
        return cells.translate(self.content_region.offset)

    def _is_covered(self, picture: TerminalPicture) -> bool:
        """Whether it is not seen as a whole; on the last line it would make the screen scroll."""
        cells = self._cells_of(picture)
        room = self.screen.find_widget(self).visible_region
        above = self.screen.query("Toast, Tooltip")
        return (
            not room.contains_region(cells)
            or cells.bottom >= self.app.size.height
            or any(one.display and one.region.overlaps(cells) for one in above)
        )

    def _send(self, *codes: str) -> None:
        driver = self.app._driver
        if driver is not None and any(codes):
            driver.write("".join(codes))  # at once: no other sequence comes between its parts
