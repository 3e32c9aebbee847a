//! Charts as SVG: bars or a line, drawn with a handful of elements that can be read and edited by
//! hand. No script, no style sheet, nothing fetched; what stands in them is escaped.

use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
/// Where bars begin: left of it are their labels.
const LEFT: f64 = 220.0;
/// Room for the numbers to the right.
const RIGHT: f64 = 70.0;
const TOP: f64 = 48.0;
const ROW: f64 = 26.0;
const HEIGHT: f64 = 300.0;
/// Bars at most; what has more is said in a last line.
const MOST: usize = 40;
/// Characters of a label at most.
const LABEL: usize = 30;
const INK: &str = "#1f2937";
const FILL: &str = "#2563eb";

/// A horizontal bar for each value, with its label and number.
pub(super) fn bars(title: &str, unit: &str, values: &[(String, f64)]) -> String {
    let shown = values.len().min(MOST);
    let left_out = values.len() - shown;
    let rows = count(shown.max(1)) + if left_out > 0 { 1.0 } else { 0.0 };
    let mut svg = open(title, unit, TOP + rows * ROW + 16.0);
    let most = highest(values.iter().map(|(_, value)| *value));
    for (at, (label, value)) in values.iter().take(MOST).enumerate() {
        let y = TOP + count(at) * ROW;
        let length = (WIDTH - LEFT - RIGHT) * (value.max(0.0) / most);
        let (middle, end) = (y + 15.0, LEFT + length + 6.0);
        text(&mut svg, LEFT - 8.0, middle, "end", &short(label));
        let _ = writeln!(
            svg,
            "  <rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"20\" fill=\"{FILL}\"/>"
        );
        text(&mut svg, end, middle, "start", &value.to_string());
    }
    let after = TOP + count(shown) * ROW + 15.0;
    if left_out > 0 {
        let rest = format!("and {left_out} more");
        text(&mut svg, LEFT - 8.0, after, "end", &rest);
    } else if values.is_empty() {
        text(&mut svg, LEFT, after, "start", "nothing to show");
    }
    svg + "</svg>\n"
}

/// A line through the values in their order, from the first label to the last.
pub(super) fn line(title: &str, unit: &str, values: &[(String, f64)]) -> String {
    let mut svg = open(title, unit, HEIGHT);
    let most = highest(values.iter().map(|(_, value)| *value));
    let (left, bottom) = (60.0, HEIGHT - 40.0);
    let step = (WIDTH - left - 40.0) / count(values.len().saturating_sub(1).max(1));
    let y = |value: f64| bottom - (bottom - TOP) * (value.max(0.0) / most);
    for (value, label) in [(0.0, "0".to_owned()), (most, most.to_string())] {
        let at = y(value);
        text(&mut svg, left - 8.0, at + 4.0, "end", &label);
        let right = WIDTH - 40.0;
        let _ = writeln!(
            svg,
            "  <line x1=\"{left}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\" stroke=\"#d1d5db\"/>"
        );
    }
    let points: Vec<_> = values
        .iter()
        .enumerate()
        .map(|(at, (_, value))| format!("{:.1},{:.1}", left + count(at) * step, y(*value)))
        .collect();
    if points.is_empty() {
        text(&mut svg, left, TOP + 15.0, "start", "nothing to show");
    }
    let points = points.join(" ");
    let _ = writeln!(
        svg,
        "  <polyline points=\"{points}\" fill=\"none\" stroke=\"{FILL}\" stroke-width=\"2\"/>"
    );
    let ends = [
        (values.first(), left, "start"),
        (values.last(), WIDTH - 40.0, "end"),
    ];
    for (value, x, anchor) in ends {
        if let Some((label, _)) = value {
            text(&mut svg, x, HEIGHT - 16.0, anchor, &short(label));
        }
    }
    svg + "</svg>\n"
}

fn open(title: &str, unit: &str, height: f64) -> String {
    let title = escaped(title);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n  \
         <title>{title}</title>\n  <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let heading = format!("{title} \u{2013} {}", escaped(unit));
    let _ = writeln!(
        svg,
        "  <text x=\"16\" y=\"28\" font-size=\"15\" fill=\"{INK}\">{heading}</text>"
    );
    svg
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, what: &str) {
    let what = escaped(what);
    let _ = writeln!(
        svg,
        "  <text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{INK}\">{what}</text>"
    );
}

/// The top of the scale, which is never nothing.
fn highest(values: impl Iterator<Item = f64>) -> f64 {
    let most = values.fold(0.0, f64::max);
    if most > 0.0 { most } else { 1.0 }
}

fn short(label: &str) -> String {
    let mut text: String = label.chars().take(LABEL).collect();
    if label.chars().count() > LABEL {
        text.push('\u{2026}');
    }
    text
}

/// A text as XML has it; what XML has no place for is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[allow(clippy::cast_precision_loss, reason = "a chart has few values")]
fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(labels: &[String]) -> Vec<(String, f64)> {
        let n = (1..).map(f64::from);
        labels.iter().cloned().zip(n).collect()
    }

    proptest! {
        // Whatever people call their departments, another's parser reads it back.
        #[test]
        fn any_label_is_well_formed(labels in prop::collection::vec(any::<String>(), 0..5)) {
            for svg in [bars("A & B", "people", &values(&labels)), line("<t>", "u", &values(&labels))] {
                let parsed = roxmltree::Document::parse(&svg);
                prop_assert!(parsed.is_ok(), "{svg}");
            }
        }
    }

    #[test]
    fn a_label_is_text_and_nothing_else() {
        let label = "<script>alert(1)</script> & co".to_owned();
        let svg = bars("Usage", "people", &[(label.clone(), 3.0)]);
        let parsed = roxmltree::Document::parse(&svg).unwrap();
        let names: Vec<_> = parsed.descendants().map(|n| n.tag_name().name()).collect();
        assert!(!names.contains(&"script"), "{svg}");
        let texts: Vec<_> = parsed.descendants().filter_map(|n| n.text()).collect();
        assert!(
            texts
                .iter()
                .any(|text| label.starts_with(text.trim_end_matches('\u{2026}')))
        );
        assert!(texts.contains(&"3"), "{svg}");
    }

    #[test]
    fn the_longest_bar_fills_its_room() {
        let svg = bars("t", "u", &[("a".into(), 4.0), ("b".into(), 2.0)]);
        let parsed = roxmltree::Document::parse(&svg).unwrap();
        let widths: Vec<f64> = parsed
            .descendants()
            .filter(|n| n.attribute("fill") == Some(FILL))
            .filter_map(|n| n.attribute("width")?.parse().ok())
            .collect();
        assert_eq!(widths, [470.0, 235.0], "{svg}");
    }
}
