//! The attributes of coscope; use them through the `coscope` crate. Nothing else lives here.
//!
//! ## Layers
//! One module.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Makes `async fn main(s: Scope)` the program's `main`: the body runs in `coscope::run_blocking`, on
/// the main thread.
///
/// The parameter is the scope; leave it out where nothing is launched. A `main` that returns a
/// `Result` runs in `coscope::try_run_blocking`: its scope's error type is that of the `Result`.
///
/// ```
/// #[coscope::main]
/// async fn main(s: coscope::Scope) {
///     let answer = s.spawn(async { 42 });
///     assert_eq!(answer.await, 42);
/// }
/// ```
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    if !arguments.is_empty() {
        return error("#[coscope::main] takes no arguments");
    }
    expand("main", item, |parts| {
        let Parts { before, name, parameters, result, body } = parts;
        let runner = if result.is_empty() { "run_blocking" } else { "try_run_blocking" };
        // The inner `async fn`'s result type is said by the outer one.
        format!(
            "{before} fn {name}() {result} {{ ::coscope::{runner}(async |{parameters}| {result} {{ {body} }}) }}"
        )
    })
}

/// Makes `async fn name(t: TestScope)` a test in virtual time: the body runs in `coscope_test::Test::run`.
///
/// The parameter is the test's scope; leave it out where it is not needed. A body that returns a
/// `Result<(), E>` takes a `TestScope<E>`. It needs `coscope-test` among the dev-dependencies.
///
/// `#[coscope::test(schedules = 100)]` runs the body under 100 orders of what is ready at once, and names the seed of
/// one that fails; see `Test::run_schedules`. `COSCOPE_TEST_SEED` names the one to run.
///
/// Beside `use coscope::*` the standard `#[test]` is ambiguous: import the prelude, or `core::prelude::v1::test` by name.
///
/// ```ignore
/// #[coscope::test(schedules = 100)]
/// async fn an_hour(t: coscope_test::TestScope) {
///     t.advance_by(Duration::from_secs(3600)).await;
/// }
/// ```
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let schedules = match schedules(arguments) {
        Ok(schedules) => schedules,
        Err(message) => return error(message),
    };
    expand("test", item, |parts| {
        let Parts { before, name, parameters, result, body } = parts;
        let runner = if result.is_empty() { "run_schedules" } else { "try_run_schedules" };
        format!(
            "#[::core::prelude::v1::test] {before} fn {name}() {result} {{ \
                 ::coscope::Dispatchers::default(); \
                 ::coscope_test::Test::new().{runner}({schedules}, async |{parameters}| {result} {{ {body} }}) \
             }}"
        )
    })
}

/// `schedules = N`, or nothing, which is one.
fn schedules(arguments: TokenStream) -> Result<u64, &'static str> {
    let tokens: Vec<TokenTree> = arguments.into_iter().collect();
    let number = match &tokens[..] {
        [] => return Ok(1),
        [word, TokenTree::Punct(equals), TokenTree::Literal(number)]
            if is_word(word, "schedules") && equals.as_char() == '=' =>
        {
            number.to_string().parse().ok()
        }
        _ => None,
    };
    number.filter(|n| *n > 0).ok_or("#[coscope::test] takes `schedules = N`, N a number above 0")
}

fn error(message: &str) -> TokenStream {
    format!("::core::compile_error!({message:?});").parse().expect("a literal is a token")
}

fn is_word(tree: &TokenTree, word: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident.to_string() == word)
}

/// `async fn NAME(PARAMETERS) -> RESULT { BODY }`, with whatever stands before.
struct Parts {
    before: TokenStream,
    name: TokenTree,
    parameters: String,
    result: TokenStream,
    body: TokenStream,
}

/// What `write` makes of the parts of an `async fn`.
fn expand(attribute: &str, item: TokenStream, write: impl FnOnce(Parts) -> String) -> TokenStream {
    let made = take_apart(item)
        .and_then(|parts| write(parts).parse().map_err(|error: proc_macro::LexError| error.to_string()));
    made.unwrap_or_else(|message| error(&format!("#[coscope::{attribute}] {message}")))
}

fn take_apart(item: TokenStream) -> Result<Parts, String> {
    let tokens: Vec<TokenTree> = item.into_iter().collect();
    let at = tokens
        .iter()
        .position(|tree| is_word(tree, "async"))
        .ok_or("wants an async fn: `async fn main(s: coscope::Scope) { … }`")?;
    let before: TokenStream = tokens[..at].iter().cloned().collect();
    let rest = &tokens[at + 1..];
    if !rest.first().is_some_and(|tree| is_word(tree, "fn")) {
        return Err("wants a plain `async fn`".into());
    }
    let name = rest.get(1).ok_or("wants a function with a name")?.clone();
    let group = |tree: Option<&TokenTree>, delimiter: Delimiter| -> Option<Group> {
        match tree {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.clone()),
            _ => None,
        }
    };
    let parameters = group(rest.get(2), Delimiter::Parenthesis)
        .ok_or("wants a function that takes one scope at most, and no generics")?;
    let body = group(rest.last(), Delimiter::Brace).ok_or("wants a function with a body")?;
    let result = rest[3..rest.len() - 1].iter().cloned().collect();
    let parameters =
        if parameters.stream().is_empty() { "_".to_owned() } else { parameters.stream().to_string() };
    Ok(Parts { before, name, parameters, result, body: body.stream() })
}
