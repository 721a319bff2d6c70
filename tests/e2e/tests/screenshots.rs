//! Pictures of every view, light and dark, wide and narrow, to be looked at: `FLAMEFALL_SHOTS=1`.

mod common;

use std::time::Duration;

use common::{drawn, file, folder, json, logged, open_sample, row_at};
use e2e::{Fault, Page, Result, Setup, Site, run};

const ONE_SPAN: &str = "shop GET /health 0..1200us server http.response.status_code:int=200";

/// Name of the picture, and how to get there.
type View = (&'static str, fn(&Page) -> Result);

const VIEWS: &[View] = &[
    ("start", |page| page.open("")),
    ("start-url", |page| {
        page.open("")?;
        page.press("Open a URL")
    }),
    ("start-error", |page| {
        page.open("")?;
        page.idle()?;
        page.drop_bytes(&page.element(".drop")?, "holiday.jpg", b"\xff\xd8\xff\xe0 this is not a trace")
    }),
    ("start-loading", |page| {
        page.open("?src=slow/hundred-thousand.json")?;
        // Not idle: the point is what is seen before that.
        page.until(
            "viewer.shadowRoot?.querySelector('.loading .figures')?.innerText.match(/[1-9]\\d* spans/)",
        )
    }),
    ("waterfall", |page| open_sample(page, "slow-query.json")),
    ("waterfall-selected", |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["e"])
    }),
    ("waterfall-hover", |page| {
        open_sample(page, "slow-query.json")?;
        let (left, top, width, _) = page.place_of("canvas")?;
        page.move_to((left + width / 2, top + 78 + 5 * 26 + 13))
    }),
    ("waterfall-zoomed", |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["e", "z"])
    }),
    ("waterfall-folded", |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["p", "p", "p"])
    }),
    ("waterfall-search", |page| {
        open_sample(page, "slow-query.json")?;
        page.type_into(&page.element(".search input")?, "postgres")?;
        page.idle()?;
        page.hit(&["Enter"])
    }),
    ("details-events", |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["e"])?;
        page.press("Events")
    }),
    ("details-links", |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["e"])?;
        page.press("Links")
    }),
    ("details-raw", |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["e"])?;
        page.press("Raw")
    }),
    ("logs", |page| {
        page.open("?src=files/logged.json")?;
        page.idle()?;
        page.hit(&["j", "j", "j"])?;
        page.press("Logs")
    }),
    ("logs-hover", |page| {
        page.open("?src=files/logged.json")?;
        page.idle()?;
        let y = row_at(page, 2)?;
        // The bar above its marks; the first run is the dot of its name.
        let bar = page.coloured(y - 5)?.into_iter().skip(1).reduce(|bar, piece| (bar.0, piece.1));
        let (from, to) = bar.unwrap_or_default();
        page.move_to((from + (to - from) * 440 / 640, y))
    }),
    ("logs-only", |page| {
        page.open("")?;
        page.idle()?;
        page.drop_bytes(&page.element(".drop")?, "logs.json", &logged().1)
    }),
    ("flame-time", |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["3"])
    }),
    ("flame-merged", |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["3"])?;
        page.press("Merged")
    }),
    ("flame-merged-zoomed", |page| {
        open_sample(page, "n-plus-one.json")?;
        page.hit(&["3"])?;
        page.press("Merged")?;
        let (left, top, ..) = page.place_of("canvas")?;
        page.click_at((left + 40, top + 10 + 26 + 12))
    }),
    ("flame-search", |page| {
        open_sample(page, "n-plus-one.json")?;
        page.hit(&["3"])?;
        page.type_into(&page.element(".search input")?, "SELECT")
    }),
    ("n-plus-one", |page| open_sample(page, "n-plus-one.json")),
    ("n-plus-one-folded", |page| {
        open_sample(page, "n-plus-one.json")?;
        page.hit(&["s", "s"])
    }),
    ("traces", |page| open_sample(page, "busy-minute.json.gz")),
    ("traces-filtered", |page| {
        open_sample(page, "busy-minute.json.gz")?;
        page.type_into(&page.element(".list-bar input")?, "checkout")
    }),
    ("traces-none", |page| {
        open_sample(page, "busy-minute.json.gz")?;
        page.type_into(&page.element(".list-bar input")?, "no such thing")
    }),
    ("traces-search", |page| {
        open_sample(page, "busy-minute.json.gz")?;
        page.type_into(&page.element(".search input")?, "error=true")
    }),
    ("one-span", |page| {
        page.open("?src=files/one-span.json")?;
        page.idle()?;
        page.hit(&["j"])
    }),
    ("hundred-thousand", |page| {
        page.open("?src=files/hundred-thousand.json")?;
        page.idle()?;
        page.hit(&["j", "s", "s"])
    }),
    ("hundred-thousand-flame", |page| {
        page.open("?src=files/hundred-thousand.json")?;
        page.idle()?;
        page.hit(&["3"])
    }),
    ("hundred-thousand-merged", |page| {
        page.open("?src=files/hundred-thousand.json")?;
        page.idle()?;
        page.hit(&["3"])?;
        page.press("Merged")
    }),
    ("help", |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["?"])
    }),
    ("quality", |page| {
        page.open("?src=files/odd.json")?;
        page.idle()?;
        page.click(&page.element(".file")?)
    }),
    ("toast-error", |page| {
        open_sample(page, "slow-query.json")?;
        page.drop_bytes(&page.element(".stage")?, "holiday.jpg", b"\xff\xd8\xff\xe0 this is not a trace")
    }),
];

/// Not well, but readable: orphans, a circle, reversed times, a bad span, a cut end.
fn odd() -> Vec<u8> {
    let mut text = drawn(
        r#"
        shop  GET /cart     0..90ms   server
          shop  lookup      10..40ms  client !error "no route to host"
          shop  late        95..140ms
          shop  reversed    60..50ms
        shop  lost          20..30ms  parent=77
        -     nobody        30ms..?   parent=78
        shop  left          40..44ms  id=a1 parent=a2
        shop  right         41..43ms  id=a2 parent=a1
        "#,
    );
    text.truncate(text.len() - 40);
    text
}

#[test]
fn screenshots() -> Result {
    if std::env::var_os("FLAMEFALL_SHOTS").is_none() {
        println!("skipped: pictures are taken with FLAMEFALL_SHOTS=1");
        return Ok(());
    }
    file("one-span.json", &drawn(ONE_SPAN));
    file("odd.json", &odd());
    let (spans, logs) = logged();
    file("logged.json", &[spans, logs].concat());
    file("hundred-thousand.json", &json(|sink| fixtures::one_trace(7, 100_000, sink)));
    let only = std::env::var("FLAMEFALL_SHOTS").unwrap_or_default();
    let pause = Duration::from_millis(400);
    let site = |site: Site| {
        site.mount("/files", folder())
            .mount("/slow", folder())
            .fault("/slow/hundred-thousand.json", Fault::Trickle { bytes: 1 << 20, pause })
    };
    run(Setup::new("screenshots").site(site), |page| {
        for (name, show) in VIEWS.iter().filter(|(name, _)| only == "1" || name.contains(&only)) {
            for (width, height) in [(1400, 900), (400, 800)] {
                page.viewport(width, height)?;
                for theme in ["light", "dark"] {
                    page.prefer(&[("prefers-color-scheme", theme)])?;
                    // A page of its own for each: nothing is left of the one before.
                    page.open("about:blank")?;
                    let shot =
                        show(page).and_then(|()| if *name == "start-loading" { Ok(()) } else { page.idle() });
                    if let Err(failure) = shot {
                        println!("{name} {width} {theme}: {failure:?}");
                    }
                    page.screenshot(&format!("{name}-{width}-{theme}"))?;
                }
            }
        }
        page.expect_quiet()
    })
}
