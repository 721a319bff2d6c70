//! Files of other formats than OTLP JSON, packed and mixed: dropped on the page, read by the second module.

mod common;

use std::io::Write as _;

use common::{drawn, file, folder};
use e2e::{Fault, Page, Result, Setup, Site, run};
use formats::{JaegerJsonWriter, OtlpProtobufWriter, SpanCsvWriter, ZipkinV2Writer};

const CART: &str = r"
    shop  GET /cart  0..90ms  server
      shop  lookup   10..40ms client
      shop  render   50..80ms
";

/// What a writer makes of the picture.
macro_rules! written {
    ($writer:ident) => {{
        let mut writer = $writer::new(Vec::new());
        fixtures::trace(CART).feed(&mut writer);
        writer.finish()?
    }};
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// A zip archive whose members are stored as they are (APPNOTE 4.3).
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in members {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let length = (bytes.len() as u32).to_le_bytes();
        let mut header = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        header.extend_from_slice(&crc.sum().to_le_bytes());
        header.extend_from_slice(&length);
        header.extend_from_slice(&length);
        header.extend_from_slice(&(name.len() as u16).to_le_bytes());
        header.extend_from_slice(&[0, 0]);
        let at = (archive.len() as u32).to_le_bytes();
        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&header);
        archive.extend_from_slice(name.as_bytes());
        archive.extend_from_slice(bytes);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&header);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at);
        directory.extend_from_slice(name.as_bytes());
    }
    let count = (members.len() as u16).to_le_bytes();
    let (length, at) = ((directory.len() as u32).to_le_bytes(), (archive.len() as u32).to_le_bytes());
    archive.extend_from_slice(&directory);
    archive.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    archive.extend_from_slice(&[count, count].concat());
    archive.extend_from_slice(&length);
    archive.extend_from_slice(&at);
    archive.extend_from_slice(&[0, 0]);
    archive
}

fn drop(page: &Page, name: &str, content: &[u8]) -> Result {
    page.drop_bytes(&page.element(".drop, .stage, .traces")?, name, content)?;
    page.idle()
}

/// Names of what the page fetched for other formats.
fn fetched(page: &Page) -> Result<bool> {
    let names = page.viewer(
        "return performance.getEntriesByType('resource').map((entry) => entry.name).join(' ')",
        &[],
    )?;
    Ok(names.as_str().unwrap_or_default().contains("flamefall-formats"))
}

#[test]
fn each_format_opens_as_the_same_trace() -> Result {
    let jaeger = written!(JaegerJsonWriter);
    let zipkin = written!(ZipkinV2Writer);
    let csv = written!(SpanCsvWriter);
    let protobuf = written!(OtlpProtobufWriter);
    let files: [(&str, Vec<u8>, &str); 7] = [
        ("a.pb", protobuf.clone(), "OTLP protobuf"),
        ("b.json", jaeger.clone(), "Jaeger JSON"),
        ("c.json.gz", gzip(&zipkin)?, "Zipkin JSON"),
        ("d.csv", csv, "CSV"),
        ("e.zip", zip(&[("readme.txt", b"hello"), ("jaeger.json", &jaeger)]), "Jaeger JSON"),
        ("f.zip.gz", gzip(&zip(&[("spans.pb", &protobuf)]))?, "OTLP protobuf"),
        ("g.json", [drawn(CART), b"\n".to_vec(), zipkin].concat(), "OTLP JSON"),
    ];
    run(Setup::new("formats"), |page| {
        page.open("")?;
        page.idle()?;
        for (name, content, format) in &files {
            drop(page, name, content)?;
            page.sees(&["GET /cart shop", "3 spans"])?;
            let summary = page.viewer("return await viewer.analyze().then(() => document.title)", &[])?;
            assert!(!summary.is_null(), "{name}");
            page.click(&page.element("button.file")?)?;
            page.idle()?;
            let dialog = page.text_of("[role=dialog]")?;
            assert!(dialog.contains(format) && dialog.contains(name), "{format}, {name} not in {dialog}");
            page.hit(&["Escape"])?;
        }
        page.expect_quiet()
    })
}

#[test]
fn what_is_not_needed_is_not_fetched() -> Result {
    let jaeger = written!(JaegerJsonWriter);
    let protobuf = written!(OtlpProtobufWriter);
    // On the page itself, where what is fetched can be seen.
    let no_worker = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
         connect-src 'self'; worker-src 'none'";
    run(Setup::new("second-module").csp(no_worker), |page| {
        page.open("")?;
        page.idle()?;
        for content in [drawn(CART), gzip(&drawn(CART))?, protobuf] {
            drop(page, "spans", &content)?;
            page.sees(&["GET /cart shop", "3 spans"])?;
            assert!(!fetched(page)?);
        }
        drop(page, "jaeger.json", &jaeger)?;
        page.sees(&["GET /cart shop", "3 spans"])?;
        assert!(fetched(page)?);
        Ok(())
    })
}

#[test]
fn files_of_different_kinds_in_one_drop_are_one_store() -> Result {
    let other = drawn("till POST /pay 0..5ms trace=b0b");
    let jaeger = file("kinds-jaeger.json", &written!(JaegerJsonWriter));
    let otlp = file("kinds-otlp.json.gz", &gzip(&other)?);
    let twice = file("kinds-again.pb", &written!(OtlpProtobufWriter));
    run(Setup::new("kinds"), |page| {
        page.open("")?;
        page.idle()?;
        page.listen()?;
        page.drop_files((700, 450), &[&jaeger, &otlp, &twice])?;
        page.until("heard.length > 0")?;
        page.idle()?;
        page.sees(&["GET /cart", "POST /pay", "2 traces"])
    })
}

#[test]
fn where_the_second_module_cannot_be_had() -> Result {
    let jaeger = written!(JaegerJsonWriter);
    let site = |site: Site| site.mount("/files", folder()).fault("/flamefall-formats.js", Fault::Status(404));
    run(Setup::new("no-second-module").site(site), |page| {
        page.open("")?;
        page.idle()?;
        drop(page, "jaeger.json", &jaeger)?;
        let alert = page.text_of("[role=alert]")?;
        assert!(
            alert.contains("What reads this format could not be loaded") && alert.contains("jaeger.json"),
            "{alert}"
        );
        drop(page, "good.json", &drawn(CART))?;
        page.sees(&["GET /cart shop", "3 spans"])
    })
}
