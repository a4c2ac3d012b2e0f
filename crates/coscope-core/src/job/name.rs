//! [`Name`]: what a node is called, in two words: a text that lives for ever, or one of its own.

use std::borrow::Cow;
use std::fmt;
use std::ptr::NonNull;
use std::{slice, str};

/// A name. As a `Cow<'static, str>`, less a word.
pub(crate) struct Name {
    start: NonNull<u8>,
    /// With [`OWNED`] if the text is this name's own.
    len: usize,
}

/// No text is so long.
const OWNED: usize = 1 << (usize::BITS - 1);

// SAFETY: a text that nobody changes, and that this alone drops if it is its own.
unsafe impl Send for Name {}
// SAFETY: as above.
unsafe impl Sync for Name {}

impl Name {
    #[inline]
    pub(crate) fn of(text: &'static str) -> Self {
        Name { start: NonNull::from(text).cast(), len: text.len() }
    }

    #[cold]
    fn owned(text: String) -> Self {
        let len = text.len() | OWNED;
        let text: &'static mut str = Box::leak(text.into_boxed_str());
        Name { start: NonNull::from(text).cast(), len }
    }

    #[inline]
    pub(crate) fn is_owned(&self) -> bool {
        self.len & OWNED != 0
    }

    fn text(&self) -> *const [u8] {
        std::ptr::slice_from_raw_parts(self.start.as_ptr(), self.len & !OWNED)
    }

    pub(crate) fn as_str(&self) -> &str {
        // SAFETY: start and length of a text, which lives as long as `self`.
        unsafe { str::from_utf8_unchecked(&*self.text()) }
    }

    pub(crate) fn to_cow(&self) -> Cow<'static, str> {
        if self.is_owned() {
            return Cow::Owned(self.as_str().to_owned());
        }
        // SAFETY: start and length of a text that lives for ever.
        Cow::Borrowed(unsafe {
            str::from_utf8_unchecked(slice::from_raw_parts(self.start.as_ptr(), self.len))
        })
    }
}

impl From<Cow<'static, str>> for Name {
    #[inline]
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Name::of(text),
            Cow::Owned(text) => Name::owned(text),
        }
    }
}

impl Drop for Name {
    #[inline]
    fn drop(&mut self) {
        if self.is_owned() {
            // SAFETY: what `owned` has leaked, taken back once.
            drop(unsafe { Box::from_raw(self.text() as *mut [u8]) });
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_text_that_it_was_made_of() {
        for text in ["", "fetch", "Прочитать"] {
            let own = Name::from(Cow::Owned(text.to_owned()));
            let lent = Name::from(Cow::Borrowed(text));
            assert_eq!((own.as_str(), lent.as_str()), (text, text));
            assert_eq!((own.is_owned(), lent.is_owned()), (true, false));
            assert!(matches!(own.to_cow(), Cow::Owned(copy) if copy == text));
            assert!(matches!(lent.to_cow(), Cow::Borrowed(same) if std::ptr::eq(same, text)));
        }
        assert_eq!(size_of::<Option<Name>>(), 2 * size_of::<usize>());
    }
}
