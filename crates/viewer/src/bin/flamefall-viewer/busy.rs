//! What `idle()` waits for: a count of everything that is loading, computing or waiting to be painted.

use std::cell::Cell;
use std::rc::Rc;

use gloo::timers::future::TimeoutFuture;

/// Shared by everything that starts work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Busy(Rc<Cell<usize>>);

/// Work under way, until dropped.
#[derive(Debug)]
pub(crate) struct Working(Busy);

impl Busy {
    pub(crate) fn start(&self) -> Working {
        self.0.set(self.0.get() + 1);
        Working(self.clone())
    }

    /// Resolves when nothing is under way, and nothing followed from what was last.
    pub(crate) async fn idle(self) {
        let mut quiet = 0;
        while quiet < 3 {
            // A turn of the event loop lets answers, renders and frames that were just caused announce themselves.
            TimeoutFuture::new(if self.0.get() == 0 { 0 } else { 4 }).await;
            quiet = if self.0.get() == 0 { quiet + 1 } else { 0 };
        }
    }
}

impl PartialEq for Busy {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let count = &self.0.0;
        count.set(count.get().saturating_sub(1));
    }
}
