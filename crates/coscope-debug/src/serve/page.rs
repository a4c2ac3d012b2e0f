//! The files of the page, as they lie in `page/`: no build step, nothing from elsewhere.

/// A file of the page: its path, its type, its text.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

macro_rules! files {
    ($($path:literal $kind:ident $name:literal,)*) => {
        &[$(File { path: $path, kind: $kind, text: include_str!(concat!("page/", $name)) },)*]
    };
}

pub(super) const FILES: &[File] = files![
    "/" HTML "index.html",
    "/style.css" STYLE "style.css",
    "/icon.svg" PICTURE "icon.svg",
    "/app.js" SCRIPT "app.js",
    "/connection.js" SCRIPT "connection.js",
    "/element.js" SCRIPT "element.js",
    "/forest.js" SCRIPT "forest.js",
    "/list.js" SCRIPT "list.js",
    "/tree.js" SCRIPT "tree.js",
    "/pools.js" SCRIPT "pools.js",
    "/graph.js" SCRIPT "graph.js",
    "/waits.js" SCRIPT "waits.js",
    "/detail.js" SCRIPT "detail.js",
];
