//! Indices are types: an index into one table cannot be used in another.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut, Range};

/// What a [`Column`] is indexed by.
pub trait Idx: Copy {
    /// The type of index number `i`.
    fn new(i: usize) -> Self;
    /// The place in the column.
    fn get(self) -> usize;
}

macro_rules! index_types {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl Idx for $name {
            #[inline]
            fn new(i: usize) -> Self {
                Self(i as u32)
            }

            #[inline]
            fn get(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

index_types! {
    /// A span, in preorder over the whole store.
    SpanIdx,
    /// A trace, by start time.
    TraceIdx,
    /// A text in the [`StringPool`](crate::StringPool).
    StrIdx,
    /// A distinct resource.
    ResourceIdx,
    /// A distinct instrumentation scope.
    ScopeIdx,
    /// A distinct pair of resource and scope.
    OriginIdx,
    /// A distinct `service.name`, by name.
    ServiceIdx,
}

impl SpanIdx {
    /// The spans from `start` up to `end`, without it.
    pub fn range(range: Range<Self>) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (range.start.0..range.end.0).map(Self)
    }
}

/// A vector that only its own index type opens.
#[derive(Clone, Debug, PartialEq)]
pub struct Column<I, T> {
    values: Vec<T>,
    index: PhantomData<fn(I)>,
}

impl<I, T> Default for Column<I, T> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<I, T> From<Vec<T>> for Column<I, T> {
    fn from(values: Vec<T>) -> Self {
        Self { values, index: PhantomData }
    }
}

impl<I: Idx, T> Column<I, T> {
    /// The number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds a value and tells where it stands.
    pub fn push(&mut self, value: T) -> I {
        let index = I::new(self.values.len());
        self.values.push(value);
        index
    }

    /// The value, where the index may come from outside.
    pub fn get(&self, index: I) -> Option<&T> {
        self.values.get(index.get())
    }

    /// All values, in order.
    pub fn as_slice(&self) -> &[T] {
        &self.values
    }

    /// All indices, in order.
    pub fn indices(&self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.values.len()).map(I::new)
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.values.capacity() * size_of::<T>()
    }

    /// The vector itself.
    pub fn into_vec(self) -> Vec<T> {
        self.values
    }
}

impl<I: Idx, T> Index<I> for Column<I, T> {
    type Output = T;

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "an index of this type was made by this column's table")]
    fn index(&self, index: I) -> &T {
        &self.values[index.get()]
    }
}

impl<I: Idx, T> IndexMut<I> for Column<I, T> {
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "an index of this type was made by this column's table")]
    fn index_mut(&mut self, index: I) -> &mut T {
        &mut self.values[index.get()]
    }
}
