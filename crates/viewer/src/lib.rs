//! The Yew application, the canvas painter, the worker and the custom element.
