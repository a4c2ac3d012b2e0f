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
    match expand(item) {
        Ok(tokens) => tokens,
        Err(message) => error(&message),
    }
}

fn error(message: &str) -> TokenStream {
    format!("::core::compile_error!({message:?});").parse().expect("a literal is a token")
}

/// `async fn NAME(PARAMETERS) -> RESULT { BODY }`, with whatever stands before.
fn expand(item: TokenStream) -> Result<TokenStream, String> {
    let tokens: Vec<TokenTree> = item.into_iter().collect();
    let is_word =
        |tree: &TokenTree, word: &str| matches!(tree, TokenTree::Ident(ident) if ident.to_string() == word);
    let at = tokens
        .iter()
        .position(|tree| is_word(tree, "async"))
        .ok_or("#[coscope::main] wants an async fn: `async fn main(s: coscope::Scope) { … }`")?;
    let before: TokenStream = tokens[..at].iter().cloned().collect();
    let rest = &tokens[at + 1..];
    if !rest.first().is_some_and(|tree| is_word(tree, "fn")) {
        return Err("#[coscope::main] wants a plain `async fn`".into());
    }
    let name = rest.get(1).ok_or("#[coscope::main]: the function has no name")?.clone();
    let group = |tree: Option<&TokenTree>, delimiter: Delimiter| -> Option<Group> {
        match tree {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.clone()),
            _ => None,
        }
    };
    let parameters = group(rest.get(2), Delimiter::Parenthesis)
        .ok_or("#[coscope::main]: the function takes one scope at most, and no generics")?;
    let body = group(rest.last(), Delimiter::Brace).ok_or("#[coscope::main]: the function has no body")?;
    let result: TokenStream = rest[3..rest.len() - 1].iter().cloned().collect();
    let runner = if result.is_empty() { "run_blocking" } else { "try_run_blocking" };
    let parameters =
        if parameters.stream().is_empty() { "_".to_owned() } else { parameters.stream().to_string() };
    // The inner `async fn`'s result type is said by the outer one.
    let code = format!(
        "{before} fn {name}() {result} {{ ::coscope::{runner}(async |{parameters}| {result} {{ {body} }}) }}",
        body = body.stream()
    );
    code.parse().map_err(|error| format!("#[coscope::main]: {error}"))
}
