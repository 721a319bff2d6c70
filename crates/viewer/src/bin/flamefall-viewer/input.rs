//! What can be opened: files, blobs, buffers, texts, addresses, folders.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Blob, DataTransfer, File, Url};

/// One source. The engine reads it itself; the page never touches its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Input {
    Blob { name: String, blob: Blob },
    Url { name: String, url: String },
}

impl Input {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Blob { name, .. } | Self::Url { name, .. } => name,
        }
    }

    pub(crate) fn size(&self) -> Option<f64> {
        match self {
            Self::Blob { blob, .. } => Some(blob.size()),
            Self::Url { .. } => None,
        }
    }

    /// An address, relative to the page.
    pub(crate) fn url(address: &str) -> Option<Self> {
        let base = gloo::utils::document().base_uri().ok().flatten().unwrap_or_default();
        Self::url_from(address, &base)
    }

    /// An address, relative to `base`.
    pub(crate) fn url_from(address: &str, base: &str) -> Option<Self> {
        let url = Url::new_with_base(address.trim(), base).ok()?;
        let name = url.pathname().rsplit('/').next().unwrap_or_default().to_owned();
        let name = if name.is_empty() { url.host() } else { name };
        Some(Self::Url { name, url: url.href() })
    }

    pub(crate) fn text(text: &str, name: &str) -> Option<Self> {
        Self::parts(&Array::of1(&text.into()), name)
    }

    fn parts(parts: &Array, name: &str) -> Option<Self> {
        let blob = Blob::new_with_blob_sequence(parts).ok()?;
        Some(Self::Blob { name: name.to_owned(), blob })
    }

    pub(crate) fn files(files: &web_sys::FileList) -> Vec<Self> {
        (0..files.length()).filter_map(|i| files.get(i)).map(Self::file).collect()
    }

    fn file(file: File) -> Self {
        Self::Blob { name: file.name(), blob: file.into() }
    }

    /// What `open(input)` takes: File, Blob, `ArrayBuffer`, `Uint8Array`, string (a URL or the text of a trace), URL, or an
    /// array of them.
    pub(crate) fn from_js(input: &JsValue, name: Option<&str>) -> Result<Vec<Self>, String> {
        if let Some(inputs) = input.dyn_ref::<Array>() {
            let mut all = Vec::new();
            for one in inputs.iter() {
                all.append(&mut Self::from_js(&one, name)?);
            }
            return if all.is_empty() { Err("open() was given an empty array.".to_owned()) } else { Ok(all) };
        }
        let named = |otherwise: &str| name.unwrap_or(otherwise).to_owned();
        if let Some(file) = input.dyn_ref::<File>() {
            return Ok(vec![Self::Blob { name: named(&file.name()), blob: file.clone().into() }]);
        }
        if let Some(blob) = input.dyn_ref::<Blob>() {
            return Ok(vec![Self::Blob { name: named("trace"), blob: blob.clone() }]);
        }
        if input.is_instance_of::<ArrayBuffer>() || input.is_instance_of::<Uint8Array>() {
            return Ok(Self::parts(&Array::of1(input), &named("trace")).into_iter().collect());
        }
        let text = match input.dyn_ref::<Url>() {
            Some(url) => Some(url.href()),
            None => input.as_string(),
        };
        match text {
            // JSON text begins with a bracket or brace; no URL does. Anything else is tried as an address.
            Some(text) if text.trim_start().starts_with(['{', '[']) => {
                Ok(Self::text(&text, &named("pasted text")).into_iter().collect())
            }
            Some(address) => {
                let input =
                    Self::url(&address).ok_or_else(|| format!("{address} is neither JSON nor a URL."))?;
                Ok(vec![match (input, name) {
                    (Self::Url { url, .. }, Some(name)) => Self::Url { name: name.to_owned(), url },
                    (input, _) => input,
                }])
            }
            None => {
                Err("open() takes a File, Blob, ArrayBuffer, Uint8Array, string or URL, or an array of them."
                    .to_owned())
            }
        }
    }

    /// What was dropped or pasted.
    pub(crate) fn from_transfer(transfer: &DataTransfer) -> Vec<Self> {
        let files = transfer.files().map(|files| Self::files(&files)).unwrap_or_default();
        if !files.is_empty() {
            return files;
        }
        let text = transfer.get_data("text/plain").unwrap_or_default();
        if text.trim().is_empty() {
            return Vec::new();
        }
        Self::from_js(&text.into(), None).unwrap_or_default()
    }
}
