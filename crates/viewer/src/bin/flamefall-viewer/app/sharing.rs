//! The state as a link: into the URL, and back from it.

use engine::{Fold, ListQuery, ListSort, Request, Response};
use wasm_bindgen::JsValue;
use yew::prelude::*;

use super::{App, Msg, View, WindowState};
use crate::flame::{mode_name, parse_mode};
use crate::input::Input;
use crate::link::Link;

impl App {
    /// `src`, `?src=` and the hash, at the very start.
    pub(super) fn begin(&self, ctx: &Context<Self>) {
        let host = &self.shared.host;
        let mut src = host.get_attribute("src");
        let mut link = Link::default();
        if self.shared.is_page {
            let location = gloo::utils::window().location();
            link = Link::parse(&location.hash().unwrap_or_default());
            src = asked_src().or(src);
        }
        link.src = src.or(link.src);
        if link.view.is_none() {
            link.view = host.get_attribute("view");
        }
        if link != Link::default() {
            ctx.link().send_message(Msg::Restore(Box::new(link)));
        }
    }

    /// Takes over a link: opens its file first where it names one that is not open.
    pub(super) fn restore(&mut self, ctx: &Context<Self>, link: Link) -> bool {
        let other = link.src.is_some() && link.src != self.src;
        if let (true, Some(input)) = (other, link.src.as_deref().and_then(Input::url)) {
            let resolved = if let Input::Url { url, .. } = &input { Some(url.clone()) } else { None };
            if resolved != self.src || self.opened.is_none() {
                self.link = Some(link);
                return self.open(ctx, &[input], false, None);
            }
        }
        let Some(opened) = &self.opened else {
            // Nothing is open yet: the link waits for what will be.
            self.link = Some(link);
            return false;
        };
        let one_trace = opened.trace_count == 1;
        self.follow(ctx, link, one_trace);
        true
    }

    /// Sets view, trace, span, window, folds and search of a link, in this order.
    pub(super) fn follow(&mut self, ctx: &Context<Self>, link: Link, one_trace: bool) {
        let by_default = ListQuery::default();
        let (name, descending) = match link.sort.as_deref() {
            Some(sort) => (sort.trim_start_matches('-'), sort.starts_with('-')),
            None => (sort_name(by_default.sort), by_default.descending),
        };
        if let Some(sort) = parse_sort(name) {
            (self.list.sort, self.list.descending) = (sort, descending);
        }
        self.list.filter = link.filter.clone().unwrap_or_default();
        self.list.start = link.starts;
        self.list.duration = link.durations;
        if let Some(mode) = link.flame.as_deref().and_then(parse_mode) {
            self.flame_mode = mode;
        }
        self.tab = link.tab.as_deref().and_then(crate::details::tab).unwrap_or("attributes");
        let search = link.search.clone().unwrap_or_default();
        if *self.search != *search {
            self.search = search.into();
            self.ordinal = None;
            self.search_now(ctx);
        }
        let view = link.view.as_deref().and_then(View::parse);
        self.view = view.unwrap_or_else(|| {
            if one_trace || link.trace.is_some() { View::Waterfall } else { View::Traces }
        });
        let trace = match &link.trace {
            Some(trace_id) => Some(Request::Find { trace_id: trace_id.clone(), span_id: link.span.clone() }),
            None if one_trace || self.view != View::Traces => None,
            None => {
                self.rest();
                return;
            }
        };
        self.following = true;
        let was_folded = !self.folded.is_empty();
        let scope = ctx.link().clone();
        let client = self.shared.client.clone();
        let working = self.shared.busy.start();
        let set_up = async move {
            let (trace, span) = match trace {
                None => (0, None),
                Some(find) => {
                    let Response::Found(Some(found)) = client.request(&find).await else {
                        // The file has no such trace: the list is what there is.
                        scope.send_message(Msg::View(View::Traces));
                        return scope;
                    };
                    (found.trace, found.span)
                }
            };
            let Response::Trace(head) = client.request(&Request::Trace { trace }).await else { return scope };
            let duration = (head.duration as f64).max(1.0);
            let trace_id = head.trace_id.clone();
            scope.send_message(Msg::Head { head, span: None });
            let (start, end) = link.window.map_or((0.0, duration), |(start, end)| (start as f64, end as f64));
            let end = end.max(start + 1.0);
            scope.send_message(Msg::Window(WindowState {
                start,
                end,
                row: f64::from(link.row.unwrap_or(0)),
            }));
            let mut folded = Vec::new();
            for span_id in link.folded {
                let find = Request::Find { trace_id: trace_id.clone(), span_id: Some(span_id) };
                if let Response::Found(Some(found)) = client.request(&find).await {
                    folded.extend(found.span);
                }
            }
            if !folded.is_empty() || was_folded {
                let fold = Request::Fold { trace, fold: Fold::Set(folded) };
                if let Response::Rows(info) = client.request(&fold).await {
                    scope.send_message(Msg::Rows { info, select: false });
                }
            }
            if link.focus.is_some() {
                scope.send_message(Msg::FlameWindow(link.focus));
            }
            if span.is_some() {
                scope.send_message(Msg::Select(span));
            }
            scope
        };
        wasm_bindgen_futures::spawn_local(async move {
            let _working = working;
            set_up.await.send_message(Msg::Followed);
        });
    }

    /// The shareable part of the state.
    pub(super) fn link(&self) -> Link {
        let (window, flame) = (self.window.get(), self.flame_window.get());
        let default_list = ListQuery::default();
        let head = self.head.as_ref().filter(|_| self.view != View::Traces);
        let whole = head.is_none_or(|head| window.start <= 0.0 && window.end >= head.duration as f64);
        let list = &self.list;
        Link {
            src: self.src.clone(),
            view: self.opened.as_ref().map(|_| self.view.name().to_owned()),
            trace: head.map(|head| head.trace_id.clone()),
            span: self.details.as_ref().filter(|_| head.is_some()).map(|details| details.span_id.clone()),
            window: (!whole).then_some((window.start.max(0.0) as u64, window.end.max(0.0) as u64)),
            row: (head.is_some() && window.row >= 1.0).then_some(window.row as u32),
            search: (!self.search.is_empty()).then(|| self.search.to_string()),
            folded: self.folded_ids.clone(),
            flame: (self.view == View::Flame).then(|| mode_name(self.flame_mode).to_owned()),
            focus: (self.view == View::Flame && flame.end > 0.0)
                .then_some((flame.start as u64, flame.end as u64)),
            sort: ((list.sort, list.descending) != (default_list.sort, default_list.descending))
                .then(|| format!("{}{}", if list.descending { "-" } else { "" }, sort_name(list.sort))),
            filter: (!list.filter.is_empty()).then(|| list.filter.clone()),
            starts: list.start,
            durations: list.duration,
            tab: (self.tab != "attributes" && head.is_some()).then(|| self.tab.to_owned()),
        }
    }

    /// Writes the state where it can be shared, without a step in the history.
    pub(super) fn rest(&self) {
        self.write_state(false);
    }

    /// Another view or trace: a step in the history, so that the browser's Back leads back.
    pub(super) fn history(&self) {
        self.write_state(true);
    }

    pub(super) fn write_state(&self, step: bool) {
        if self.following {
            return;
        }
        let state = self.link().to_hash();
        if self.shared.host.get_attribute("data-state").as_deref() == Some(state.as_str()) {
            return;
        }
        drop(self.shared.host.set_attribute("data-state", &state));
        if !self.shared.is_page {
            return;
        }
        let Ok(history) = gloo::utils::window().history() else { return };
        let mut link = self.link();
        if link.src == asked_src() {
            // The query names it already.
            link.src = None;
        }
        let url = format!("#{}", link.to_hash());
        drop(if step {
            history.push_state_with_url(&JsValue::NULL, "", Some(&url))
        } else {
            history.replace_state_with_url(&JsValue::NULL, "", Some(&url))
        });
    }
}

const SORTS: [(ListSort, &str); 6] = [
    (ListSort::Root, "root"),
    (ListSort::Services, "services"),
    (ListSort::Spans, "spans"),
    (ListSort::Errors, "errors"),
    (ListSort::Start, "start"),
    (ListSort::Duration, "duration"),
];

fn sort_name(sort: ListSort) -> &'static str {
    SORTS.iter().find(|(known, _)| *known == sort).map_or("duration", |(_, name)| name)
}

fn parse_sort(name: &str) -> Option<ListSort> {
    SORTS.iter().find(|(_, known)| *known == name).map(|(sort, _)| *sort)
}

/// `?src=` of the page, as a whole address.
pub(super) fn asked_src() -> Option<String> {
    let search = gloo::utils::window().location().search().unwrap_or_default();
    let asked = web_sys::UrlSearchParams::new_with_str(&search).ok()?.get("src")?;
    match Input::url(&asked)? {
        Input::Url { url, .. } => Some(url),
        Input::Blob { .. } => None,
    }
}
