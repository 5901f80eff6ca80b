//! Which modules a module imports, so that a browser can be told to fetch them before it has read it.
//!
//! Reads statements that begin a line, as they are written in `web/`; knows nothing else of the language.

use std::collections::BTreeSet;

/// The modules that `first` needs before it runs, itself among them, by their names below `web/`.
pub(super) fn needed_by<'a>(
    first: &str,
    text_of: impl Fn(&str) -> Option<&'a str>,
) -> BTreeSet<String> {
    let (mut needed, mut open) = (BTreeSet::new(), vec![first.to_owned()]);
    while let Some(name) = open.pop() {
        let Some(text) = text_of(&name) else { continue };
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        open.extend(imports(text).filter_map(|import| resolve(folder, import)));
        needed.insert(name);
        open.retain(|name| !needed.contains(name));
    }
    needed
}

/// What stands behind `from` or `import` in statements that run before the module does.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let begins = ["import ", "export ", "} "].iter().any(|word| line.starts_with(word));
        let (before, name) = line.split_once(['\'', '"'])?;
        let is_import = before == "import " || before.ends_with("} from ") || {
            before.starts_with("import ") && before.ends_with(" from ")
                || before.starts_with("export *") && before.ends_with(" from ")
        };
        let (name, _) = name.split_once(['\'', '"'])?;
        (begins && is_import).then_some(name)
    })
}

/// `./x.js` or `../x.js` as seen from `folder`; nothing for what leads elsewhere.
fn resolve(folder: &str, import: &str) -> Option<String> {
    let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if !import.starts_with("./") && !import.starts_with("../") {
        return None;
    }
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => {
                path.pop()?;
            }
            part => path.push(part),
        }
    }
    Some(path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        assert_eq!(imports(text).collect::<Vec<_>>(), want, "{text}");
    }

    #[test]
    fn statements_that_begin_a_line_name_modules() {
        check("import { a } from './a.js';", &["./a.js"]);
        check("import a from \"./a.js\";", &["./a.js"]);
        check("import './a.js';", &["./a.js"]);
        check("import {\n  a,\n  b,\n} from '../lib/a.js';", &["../lib/a.js"]);
        check("export { a } from './a.js';", &["./a.js"]);
        check("export * from './a.js';", &["./a.js"]);
        check("export const from = 'x';\nexport default 'y';", &[]);
        check("const a = () => import('./a.js');\nimport('./b.js');", &[]);
        check("/** @import { A } from './a.js' */\n * @type {import('./b.js').B}", &[]);
        check("// import './a.js';", &[]);
    }

    #[test]
    fn a_module_needs_what_its_modules_need() {
        let text_of = |name: &str| match name {
            "main.js" => Some("import './lib/a.js';\nimport 'elsewhere';\nimport './gone.js';"),
            "lib/a.js" => Some("import { x } from '../b.js';\nimport '../../outside.js';"),
            "b.js" => Some("import './main.js';"),
            _ => None,
        };
        let needed = needed_by("main.js", text_of);
        assert_eq!(needed.into_iter().collect::<Vec<_>>(), ["b.js", "lib/a.js", "main.js"]);
    }
}
