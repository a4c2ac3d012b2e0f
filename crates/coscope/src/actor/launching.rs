//! [`Launching`], [`TryLaunching`]: the scopes, and the launches on them, whose children may have a channel. Imports nothing of
//! this crate.

use std::fmt::Debug;
use std::future::Future;

use coscope_core::{Collector, Job, Launcher, Scope, Supervisor};

/// Where producers and actors can be launched: `&scope`, or a launch on it. Sealed.
pub trait Launching: Sized + sealed::Sealed {
    #[doc(hidden)]
    #[track_caller]
    fn launch_it<F: Future<Output = ()> + Send + 'static>(self, future: F) -> Job;
}

/// Where those can be launched that may fail with an `E1`. Sealed.
pub trait TryLaunching<E1>: Launching {
    #[doc(hidden)]
    #[track_caller]
    fn try_launch_it<F: Future<Output = Result<(), E1>> + Send + 'static>(self, future: F) -> Job;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! launching {
    ([$($generics:tt)*] $type:ty, $error:ident: $($bound:tt)*) => {
        impl<$($generics)*> sealed::Sealed for $type {}

        impl<$($generics)*> Launching for $type {
            #[track_caller]
            fn launch_it<F: Future<Output = ()> + Send + 'static>(self, future: F) -> Job {
                self.launch(future)
            }
        }

        impl<$($generics)* $error: $($bound)*> TryLaunching<$error> for $type {
            #[track_caller]
            fn try_launch_it<F: Future<Output = Result<(), $error>> + Send + 'static>(self, future: F) -> Job {
                self.try_launch(future)
            }
        }
    };
}

launching!([E: Send + 'static,] &Scope<E>, E1: Into<E> + 'static);
launching!([E: Send + 'static,] Launcher<'_, Scope<E>>, E1: Into<E> + 'static);
launching!([E: Send + 'static,] &Collector<E>, E1: Into<E> + 'static);
launching!([E: Send + 'static,] Launcher<'_, Collector<E>>, E1: Into<E> + 'static);
launching!([] &Supervisor, E1: Debug + Send + 'static);
launching!([] Launcher<'_, Supervisor>, E1: Debug + Send + 'static);
