//! Decides which part of the screen is where: a pure function of its size.

use ratatui::layout::Rect;

use crate::tui::screen::Pane;

/// Below this nothing is shown but the header and this size.
pub(super) const LEAST: (u16, u16) = (60, 15);

/// Below this the overview shows one pane at a time.
const NARROW: (u16, u16) = (80, 20);

/// From this on containers and gauge stand beside the layers.
const WIDE: (u16, u16) = (110, 30);

/// Nine layers, a heading, a total and the border, on a screen without a side.
const LAYERS_HEIGHT: u16 = 13;

/// Nine layers and the border: without heading and total, for 24 rows.
const LAYERS_SHORT: u16 = 11;

/// Width of containers and gauge.
const SIDE_WIDTH: u16 = 46;

/// Three containers, a heading and the border.
const CONTAINERS_HEIGHT: u16 = 6;

/// Containers and gauge: the gauge has a row for what each container adds, one for the layers that hold it
/// down and one for a flag.
const SIDE_HEIGHT: u16 = CONTAINERS_HEIGHT + 9;

/// From this height of the body on there is a row more, for another flag.
const TALL: u16 = 30;

/// The parts of every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Two lines of truth.
    pub header: Rect,
    /// The screen.
    pub body: Rect,
    /// What the demo tells.
    pub demo: Rect,
    /// One line of answer and one of keys.
    pub footer: Rect,
    /// Whether the body only says how much room it needs.
    pub too_small: bool,
}

/// Divides a frame.
pub(super) fn frame(area: Rect, has_demo: bool) -> Frame {
    let too_small = area.width < LEAST.0 || area.height < LEAST.1;
    let header_height = 2.min(area.height);
    let footer_height = if too_small { 0 } else { 2 };
    let demo_height = if has_demo && !too_small { 2 } else { 0 };
    let body_height = area.height.saturating_sub(header_height + footer_height + demo_height);
    let row = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    Frame {
        header: row(0, header_height),
        body: row(header_height, body_height),
        demo: row(header_height + body_height, demo_height),
        footer: row(header_height + body_height + demo_height, footer_height),
        too_small,
    }
}

/// Where the panes of the overview are; `None` is not shown at this size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Overview {
    /// Names of the panes, when only one is shown.
    pub tabs: Option<Rect>,
    /// The layers.
    pub layers: Option<Rect>,
    /// The containers in full.
    pub containers: Option<Rect>,
    /// The containers and the gauge in one line.
    pub containers_line: Option<Rect>,
    /// The gauge.
    pub phi: Option<Rect>,
    /// The events.
    pub events: Option<Rect>,
}

/// Divides the body of the overview. On a middling screen the focused one of containers, gauge and
/// events has the lower part, so that all four are a key away.
pub(super) fn overview(area: Rect, focus: Pane) -> Overview {
    if area.width < NARROW.0 || area.height < NARROW.1.saturating_sub(4) {
        return single(area, focus);
    }
    let below = |height: u16| Rect {
        y: area.y + height,
        height: area.height.saturating_sub(height),
        ..area
    };
    if area.width >= WIDE.0 && area.height >= WIDE.1 - 4 {
        let top = SIDE_HEIGHT + u16::from(area.height >= TALL);
        let left = Rect { width: area.width - SIDE_WIDTH, height: top, ..area };
        let right = Rect { x: area.x + left.width, width: SIDE_WIDTH, height: top, ..area };
        return Overview {
            layers: Some(left),
            containers: Some(Rect { height: CONTAINERS_HEIGHT, ..right }),
            phi: Some(Rect {
                y: right.y + CONTAINERS_HEIGHT,
                height: top - CONTAINERS_HEIGHT,
                ..right
            }),
            events: Some(below(top)),
            ..Overview::default()
        };
    }
    let layers = if area.height >= 26 { LAYERS_HEIGHT } else { LAYERS_SHORT };
    let line = Rect { y: area.y + layers, height: 1, ..area };
    let lower = Some(below(layers + 1));
    Overview {
        layers: Some(Rect { height: layers, ..area }),
        containers_line: Some(line),
        containers: lower.filter(|_| focus == Pane::Containers),
        phi: lower.filter(|_| focus == Pane::Phi),
        events: lower.filter(|_| matches!(focus, Pane::Layers | Pane::Events)),
        tabs: None,
    }
}

fn single(area: Rect, focus: Pane) -> Overview {
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let only = |pane| (focus == pane).then_some(rest);
    Overview {
        tabs: Some(Rect { height: 1, ..area }),
        layers: only(Pane::Layers),
        containers: only(Pane::Containers),
        phi: only(Pane::Phi),
        events: only(Pane::Events),
        containers_line: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_leaves_the_screen_at_any_size() {
        for width in (1..220).step_by(7).chain([60, 80, 120, 200]) {
            for height in 1..70 {
                let area = Rect::new(0, 0, width, height);
                for has_demo in [false, true] {
                    let frame = frame(area, has_demo);
                    for part in [frame.header, frame.body, frame.demo, frame.footer] {
                        assert_eq!(part.intersection(area), part, "{width}x{height} {part:?}");
                    }
                    if frame.too_small {
                        continue;
                    }
                    for pane in Pane::ALL {
                        let panes = overview(frame.body, pane);
                        for part in [panes.layers, panes.containers, panes.phi, panes.events] {
                            let part = part.unwrap_or(frame.body);
                            assert_eq!(part.intersection(area), part, "{width}x{height} {part:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn beside_the_layers_the_gauge_has_room_for_its_parts_and_the_events_for_theirs() {
        for height in [30, 36, 60] {
            for has_demo in [false, true] {
                let frame = frame(Rect::new(0, 0, 120, height), has_demo);
                let panes = overview(frame.body, Pane::Layers);
                if panes.containers.is_none() {
                    assert!(has_demo && height == 30, "only a demo takes the room for a side");
                    continue;
                }
                let inner = panes.phi.map(|phi| phi.height - 2);
                assert!(inner >= Some(crate::tui::view::phi::ROOMY), "{height}: {inner:?}");
                assert!(panes.layers.is_some_and(|it| it.height >= LAYERS_HEIGHT), "{height}");
                assert!(panes.events.is_some_and(|it| it.height >= 9), "{height}");
            }
        }
    }

    #[test]
    fn a_screen_of_80_by_24_shows_layers_containers_and_events_at_once() {
        let frame = frame(Rect::new(0, 0, 80, 24), true);
        let panes = overview(frame.body, Pane::Layers);
        assert!(panes.layers.is_some() && panes.containers_line.is_some());
        assert!(panes.events.is_some_and(|events| events.height >= 6));
    }
}
