//! Phrases with groups, `(a|b)c`, written out, and folded the way texts are. It knows no text to look at.

use super::fold::Folded;

/// Phrases that one rule may come to.
pub(super) const MOST: usize = 5_000;

/// A phrase as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Literal {
    /// Folded.
    pub text: String,
    /// How many characters it has.
    pub length: usize,
}

/// The phrases that a text of a rule stands for, each of so many letters or characters; or what is wrong with it.
pub(super) fn expand(text: &str, at_least: usize) -> Result<Vec<Literal>, String> {
    let mut all = vec![String::new()];
    let mut rest = text;
    while let Some(at) = rest.find(['(', ')', '|']) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let Some(group) = from.strip_prefix('(') else {
            return Err("has `|` or `)` outside of a group; write `(a|b)`".to_owned());
        };
        let Some((inner, behind)) = group.split_once(')') else {
            return Err("has a group without its `)`; write `(a|b)`".to_owned());
        };
        if inner.contains('(') {
            return Err("has a group within a group; write them side by side".to_owned());
        }
        let choices: Vec<&str> = inner.split('|').collect();
        if all.len().saturating_mul(choices.len()) > MOST {
            return Err(format!(
                "stands for more than {MOST} phrases; use fewer groups, or several rules"
            ));
        }
        all = all
            .iter()
            .flat_map(|begin| {
                choices
                    .iter()
                    .map(move |choice| format!("{begin}{before}{choice}"))
            })
            .collect();
        rest = behind;
    }
    let mut literals = Vec::with_capacity(all.len());
    for mut phrase in all {
        phrase.push_str(rest);
        literals.push(literal(&phrase, at_least)?);
    }
    literals.sort_by(|a: &Literal, b| a.text.cmp(&b.text));
    literals.dedup();
    Ok(literals)
}

fn literal(phrase: &str, at_least: usize) -> Result<Literal, String> {
    let mut folded = Folded::default();
    folded.plain(0, phrase.trim());
    if folded.marks.iter().filter(|mark| mark.is_content()).count() < at_least {
        return Err(format!(
            "stands for `{phrase}`, which is too short; it needs letters or characters: {at_least} at least"
        ));
    }
    Ok(Literal {
        length: folded.marks.len(),
        text: folded.text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let literals = expand(text, 2).unwrap_or_default();
        literals.into_iter().map(|literal| literal.text).collect()
    }

    #[test]
    fn groups_are_written_out_and_folded() {
        assert_eq!(texts("賭場"), ["赌场"]);
        assert_eq!(
            texts("(真钱|真人)(赌场|)"),
            ["真人", "真人赌场", "真钱", "真钱赌场"]
        );
        assert_eq!(texts("Online Casino"), ["online casino"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for text in ["(a|b", "a)b", "a|b", "((ab))", "(a|)", ""] {
            assert!(expand(text, 2).is_err(), "{text}");
        }
        let many = "(a|b|c|d|e|f|g|h|i|j)".repeat(4);
        assert!(expand(&many, 2).is_err());
    }
}
