//! `rum` for JavaScript: the same calls, in numbers and bytes. The rest of the tracer is `js/`. With the feature `page` it is
//! the part that is loaded after the page.
//!
//! Without `std`: its panics alone would weigh as much as everything else.

#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod page;
#[cfg(all(target_arch = "wasm32", not(feature = "page")))]
mod web;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub use page::gzip;
#[cfg(all(target_arch = "wasm32", not(feature = "page")))]
pub use web::Pipeline;

#[cfg(target_arch = "wasm32")]
mod memory {
    use lol_alloc::LockedAllocator;

    #[cfg(not(feature = "page"))]
    use lol_alloc::FreeListAllocator as Allocator;
    // Each call has an instance of its own, which goes with all it took.
    #[cfg(feature = "page")]
    use lol_alloc::LeakingAllocator as Allocator;

    #[global_allocator]
    static ALLOCATOR: LockedAllocator<Allocator> = LockedAllocator::new(Allocator::new());
}

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
