//! The server side of the demo shop (`www/shop`): an API whose services take their time, now and then fail, and trace
//! what they do.
//!
//! ```text
//! browser ─ traceparent ─► gateway ─► catalogue ─► redis, postgres
//!                                  ├► cart ──────► redis, stock ─► postgres
//!                                  └► checkout ──► cart, stock, shipping, payment ─► pay.example
//! ```
//!
//! All of them are functions of this process that sleep, so their times are honest. What is slow or fails is told by
//! the number of the request, so that it comes about on every machine alike. Their spans are kept here until the page
//! asks for those of its own traces: a stand-in for the Collector that would receive both.

mod spans;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use otel::TraceId;
use propagation::{Headers, trace_context};

use crate::site::{Request, Response, Site};
use spans::{Kind, Log, Span, quoted};

/// What is sold, for the page, for the cart, and for whoever serves the shop without this.
const PRODUCTS: &str = include_str!("../../www/shop/products.json");

/// The path of the API. The shop is the folder above it.
const API: &str = "/shop/api";

/// Carts that are remembered.
const CARTS: usize = 256;

/// The site with the shop's API, and an endpoint for OTLP at `/v1/traces` that takes all and keeps nothing.
#[must_use]
pub fn mount(site: Site) -> Site {
    let shop = Arc::new(Shop::default());
    let spans = Arc::clone(&shop);
    site.route("/v1/traces", |_| Response::json(200, "{}"))
        .route(API, move |request| shop.answer(request))
        .route(&format!("{API}/spans"), move |request| spans.spans(request))
}

#[derive(Debug, Default)]
struct Shop {
    log: Log,
    carts: Mutex<BTreeMap<u64, Cart>>,
    /// Of all carts there ever were.
    newest_cart: AtomicU64,
    /// Requests so far, which tell what is slow and what fails.
    lists: AtomicU64,
    recommendations: AtomicU64,
    orders: AtomicU64,
}

/// How many of which product.
type Cart = BTreeMap<String, u32>;

/// Status and body.
type Answer = (u16, String);

impl Shop {
    fn answer(&self, request: &Request) -> Response {
        let headers: Vec<(&str, &str)> =
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let parent = trace_context::extract(Headers(&headers)).map(|context| context.span());
        let path = request.path.strip_prefix(API).unwrap_or_default();
        let known = cart_of(request);
        let cart = known.unwrap_or_else(|| self.newest_cart.fetch_add(1, Ordering::Relaxed) + 1);
        let product = parameter(&request.query, "product");

        let begin = |name| Span::of_request(&self.log, parent, "gateway", name);
        let (mut span, route, (status, body)) = match (request.method.as_str(), path) {
            ("GET", "/products") => {
                let span = begin("GET /shop/api/products");
                let answer = self.products(&span);
                (span, "/shop/api/products", answer)
            }
            ("GET", "/recommendations") => {
                let span = begin("GET /shop/api/recommendations");
                let answer = self.recommendations(&span, product);
                (span, "/shop/api/recommendations", answer)
            }
            ("GET", "/cart") => {
                let span = begin("GET /shop/api/cart");
                let answer = self.cart(&span, cart);
                (span, "/shop/api/cart", answer)
            }
            ("POST", "/cart") => {
                let span = begin("POST /shop/api/cart");
                let answer = self.put(&span, cart, product, 1);
                (span, "/shop/api/cart", answer)
            }
            ("DELETE", "/cart") => {
                let span = begin("DELETE /shop/api/cart");
                let answer = self.put(&span, cart, product, -1);
                (span, "/shop/api/cart", answer)
            }
            ("POST", "/checkout") => {
                let span = begin("POST /shop/api/checkout");
                let answer = self.checkout(&span, cart);
                (span, "/shop/api/checkout", answer)
            }
            _ => (begin("/shop/api"), API, refused(404, "There is no such thing in this shop.")),
        };

        span.set("http.request.method", request.method.as_str())
            .set("http.route", route)
            .set("url.path", request.path.as_str())
            .set("url.scheme", "http")
            .set("http.response.status_code", i64::from(status));
        if status >= 500 {
            span.fail(&status.to_string(), "");
        }
        let timing = format!("trace;desc={}", trace_context::traceparent(span.context()));
        let response =
            Response::json(status, body).header("Cache-Control", "no-store").header("Server-Timing", &timing);
        if known.is_some() {
            return response;
        }
        response.header("Set-Cookie", &format!("cart={cart}; Path={API}; HttpOnly; SameSite=Strict"))
    }

    /// The spans of the traces whose ids are the lines of the body: OTLP JSON, and every span once.
    fn spans(&self, request: &Request) -> Response {
        let text = String::from_utf8_lossy(&request.body);
        let traces: Vec<TraceId> =
            text.lines().filter_map(|line| TraceId::from_hex(line.as_bytes()).ok()).collect();
        Response::json(200, self.log.take(&traces)).header("Cache-Control", "no-store")
    }

    /// Mostly out of a cache. Every fourth time it is empty, and the first time too.
    fn products(&self, span: &Span<'_>) -> Answer {
        takes(2);
        let catalogue = span.child("catalogue", "catalogue/List", Kind::Server);
        takes(3);
        let missed = self.lists.fetch_add(1, Ordering::Relaxed).is_multiple_of(4);
        redis(&catalogue, "GET products", 3);
        if missed {
            postgres(&catalogue, "SELECT products", "SELECT * FROM products WHERE listed ORDER BY name", 160);
            redis(&catalogue, "SET products", 4);
        }
        (200, PRODUCTS.to_owned())
    }

    /// Slow always, since it asks for more than it needs; every fourth time its model is not there.
    fn recommendations(&self, span: &Span<'_>, product: &str) -> Answer {
        takes(2);
        let number = self.recommendations.fetch_add(1, Ordering::Relaxed);
        let mut it = span.child("catalogue", "catalogue/Similar", Kind::Server);
        it.set("app.product.id", product);
        takes(4);
        postgres(
            &it,
            "SELECT order_items",
            "SELECT product, count(*) FROM order_items GROUP BY product ORDER BY 2 DESC",
            190,
        );
        let mut rank = it.child("catalogue", "rank", Kind::Internal);
        takes(15);
        if number % 4 == 3 {
            rank.fail("ModelNotLoaded", "no model for this region");
            it.fail("ModelNotLoaded", "no model for this region");
            return refused(500, "Nothing to recommend just now.");
        }
        let others = ids().filter(|id| *id != product).skip(number as usize % 4).take(3);
        let others: Vec<String> = others.map(quoted).collect();
        (200, format!(r#"{{"products":[{}]}}"#, others.join(",")))
    }

    fn cart(&self, span: &Span<'_>, cart: u64) -> Answer {
        takes(2);
        let it = span.child("cart", "cart/Get", Kind::Server);
        takes(2);
        redis(&it, "HGETALL cart", 4);
        let prices = it.child("catalogue", "catalogue/Prices", Kind::Server);
        takes(3);
        redis(&prices, "MGET price", 3);
        (200, self.cart_json(cart))
    }

    fn put(&self, span: &Span<'_>, cart: u64, product: &str, by: i32) -> Answer {
        takes(2);
        if !ids().any(|id| id == product) {
            return refused(404, "There is no such product.");
        }
        let mut it = span.child("cart", if by > 0 { "cart/Add" } else { "cart/Remove" }, Kind::Server);
        it.set("app.product.id", product).set("app.product.count", i64::from(by));
        takes(3);
        {
            let stock = it.child("stock", "stock/Reserve", Kind::Server);
            takes(4);
            postgres(
                &stock,
                "UPDATE stock",
                "UPDATE stock SET reserved = reserved + $1 WHERE product = $2",
                28,
            );
        }
        redis(&it, "HINCRBY cart", 4);
        let mut carts = lock(&self.carts);
        let items = carts.entry(cart).or_default();
        let count = items.entry(product.to_owned()).or_default();
        *count = count.saturating_add_signed(by).min(99);
        items.retain(|_, count| *count > 0);
        if carts.len() > CARTS {
            carts.pop_first();
        }
        drop(carts);
        (200, self.cart_json(cart))
    }

    /// The second order fails, and every third after it: the payment provider does not answer.
    fn checkout(&self, span: &Span<'_>, cart: u64) -> Answer {
        takes(3);
        let mut it = span.child("checkout", "checkout/PlaceOrder", Kind::Server);
        takes(5);
        {
            let got = it.child("cart", "cart/Get", Kind::Server);
            takes(2);
            redis(&got, "HGETALL cart", 4);
        }
        if lock(&self.carts).get(&cart).is_none_or(BTreeMap::is_empty) {
            return refused(409, "The cart is empty.");
        }
        thread::scope(|scope| {
            scope.spawn(|| {
                let stock = it.child("stock", "stock/Commit", Kind::Server);
                takes(4);
                postgres(
                    &stock,
                    "UPDATE stock",
                    "UPDATE stock SET count = count - reserved WHERE product = $1",
                    55,
                );
            });
            scope.spawn(|| {
                let _quote = it.child("shipping", "shipping/Quote", Kind::Server);
                takes(90);
            });
        });
        let number = self.orders.fetch_add(1, Ordering::Relaxed) + 1;
        if let Err(why) = pay(&it, number % 3 == 2) {
            it.fail("PaymentUnavailable", why);
            return refused(502, "The payment provider did not answer. Nothing was charged: try again.");
        }
        postgres(&it, "INSERT orders", "INSERT INTO orders (cart, total) VALUES ($1, $2)", 22);
        lock(&self.carts).remove(&cart);
        it.set("app.order.id", number as i64);
        (200, format!(r#"{{"order":{}}}"#, 1041 + number))
    }

    fn cart_json(&self, cart: u64) -> String {
        let carts = lock(&self.carts);
        let items = carts.get(&cart).into_iter().flatten();
        let items: Vec<String> =
            items.map(|(id, count)| format!(r#"{{"id":{},"count":{count}}}"#, quoted(id))).collect();
        format!(r#"{{"items":[{}]}}"#, items.join(","))
    }
}

fn pay(checkout: &Span<'_>, fails: bool) -> Result<(), &'static str> {
    let mut payment = checkout.child("payment", "payment/Charge", Kind::Server);
    takes(6);
    let mut provider = payment.child("payment", "POST", Kind::Client);
    provider
        .set("http.request.method", "POST")
        .set("url.full", "https://pay.example/v1/charges")
        .set("server.address", "pay.example")
        .set("server.port", 443);
    takes(if fails { 420 } else { 240 });
    if !fails {
        provider.set("http.response.status_code", 201);
        return Ok(());
    }
    let why = "pay.example answered 503 Service Unavailable";
    provider.set("http.response.status_code", 503).fail("503", "");
    payment.fail("ProviderUnavailable", why);
    Err(why)
}

fn redis(caller: &Span<'_>, name: &'static str, millis: u64) {
    let mut span = caller.child("redis", name, Kind::Server);
    span.set("db.system.name", "redis");
    takes(millis);
}

fn postgres(caller: &Span<'_>, name: &'static str, query: &str, millis: u64) {
    let mut span = caller.child("postgres", name, Kind::Server);
    span.set("db.system.name", "postgresql").set("db.query.text", query);
    takes(millis);
}

/// Works for so long.
fn takes(millis: u64) {
    thread::sleep(Duration::from_millis(millis));
}

/// An error, in words for who shops.
fn refused(status: u16, why: &str) -> Answer {
    (status, format!(r#"{{"error":{}}}"#, quoted(why)))
}

/// The ids of [`PRODUCTS`].
fn ids() -> impl Iterator<Item = &'static str> {
    PRODUCTS.split("\"id\": \"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// The value of a parameter of a query.
fn parameter<'q>(query: &'q str, name: &str) -> &'q str {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next().unwrap_or_default()
}

fn cart_of(request: &Request) -> Option<u64> {
    let cookies = request.header("cookie")?.split(';').filter_map(|pair| pair.trim().split_once('='));
    cookies.filter(|(name, _)| *name == "cart").find_map(|(_, value)| value.parse().ok())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn request(line: &str, cart: &str) -> Request {
        let (method, target) = line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            method: method.into(),
            path: format!("{API}{path}"),
            query: query.into(),
            headers: vec![("Traceparent".into(), PARENT.into()), ("Cookie".into(), cart.into())],
            body: Vec::new(),
        }
    }

    /// What `lines` are answered by, one after the other, with the services that took part in the last.
    fn check(lines: &[&str], status: u16, body: &str, services: &[&str]) {
        let shop = Shop::default();
        let trace = [TraceId(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736)];
        let mut last = Response::json(0, "");
        let mut spans = String::new();
        for line in lines {
            last = shop.answer(&request(line, "theme=dark; cart=7"));
            spans = shop.log.take(&trace);
        }
        assert_eq!(last.status, status, "{lines:?}");
        let text = String::from_utf8(last.body).unwrap();
        assert!(text.contains(body), "{lines:?}: {text}");
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let spans: serde_json::Value = serde_json::from_str(&spans).unwrap();
        let names = spans["resourceSpans"].as_array().unwrap().iter();
        let names: Vec<_> =
            names.filter_map(|it| it["resource"]["attributes"][0]["value"]["stringValue"].as_str()).collect();
        assert_eq!(names, services, "{lines:?}");
    }

    #[test]
    fn sells() {
        let all = ["cart", "checkout", "gateway", "payment", "postgres", "redis", "shipping", "stock"];
        check(&["GET /products"], 200, "Ramen bowl", &["catalogue", "gateway", "postgres", "redis"]);
        check(&["GET /products", "GET /products"], 200, "Ramen bowl", &["catalogue", "gateway", "redis"]);
        check(&["GET /cart"], 200, r#"{"items":[]}"#, &["cart", "catalogue", "gateway", "redis"]);
        let put = "POST /cart?product=mug";
        let cart = ["cart", "gateway", "postgres", "redis", "stock"];
        check(&[put, put], 200, r#"{"items":[{"id":"mug","count":2}]}"#, &cart);
        check(&[put, "DELETE /cart?product=mug"], 200, r#"{"items":[]}"#, &cart);
        check(&["POST /cart?product=lamp"], 404, "no such product", &["gateway"]);
        check(&["POST /checkout"], 409, "empty", &["cart", "checkout", "gateway", "redis"]);
        check(&[put, "POST /checkout"], 200, r#"{"order":1042}"#, &all);
        check(&["GET /lamps"], 404, "no such thing", &["gateway"]);
    }

    #[test]
    fn fails_now_and_then() {
        let order = ["POST /cart?product=jug", "POST /checkout"];
        let without_order: Vec<_> =
            ["cart", "checkout", "gateway", "payment", "postgres", "redis", "shipping", "stock"].into();
        check(&[order, order].concat(), 502, "Nothing was charged", &without_order);
        let similar = "GET /recommendations?product=jug";
        let services = ["catalogue", "gateway", "postgres"];
        check(&[similar], 200, r#"["mug","bowl","vase"]"#, &services);
        check(&[similar; 4], 500, "just now", &services);
    }

    #[test]
    fn who_comes_without_a_cart_gets_one() {
        let shop = Shop::default();
        let cookie = |cart: &str| {
            let answer = shop.answer(&request("GET /lamps", cart));
            let found = answer.headers.into_iter().find(|(name, _)| name == "Set-Cookie");
            found.map(|(_, value)| value.split(';').next().unwrap().to_owned())
        };
        assert_eq!(cookie("cart=1"), None);
        assert_eq!(cookie("theme=dark").as_deref(), Some("cart=1"));
        assert_eq!(cookie("cart=none").as_deref(), Some("cart=2"));
    }

    #[test]
    fn carts_are_not_kept_for_ever() {
        let shop = Shop::default();
        let mut carts = lock(&shop.carts);
        carts.extend((0..CARTS as u64).map(|cart| (cart, Cart::new())));
        drop(carts);
        shop.answer(&request("POST /cart?product=mug", "cart=1000"));
        let carts = lock(&shop.carts);
        assert_eq!((carts.len(), carts.contains_key(&0), carts.contains_key(&1000)), (CARTS, false, true));
    }
}
