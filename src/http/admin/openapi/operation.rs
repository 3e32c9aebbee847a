//! One operation, as a file of this folder describes it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::directory::Code;
use crate::directory::admin::operations::Operation;

/// The schemas that a description names.
pub(super) type Components = BTreeMap<String, Value>;

/// What `operations.rs` does not say of an operation: its parameters, its body and its answers.
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// What the path's `{id}` is, where the path alone does not say it.
    pub(super) id: Option<Value>,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) answers: BTreeMap<u16, Value>,
    /// Refusals besides those of every operation.
    pub(super) refusals: BTreeMap<u16, Vec<Code>>,
    pub(super) components: Components,
}

/// Begins the description of the operation of this name.
pub(super) fn op(name: &'static str, text: &'static str) -> Described {
    Described {
        name,
        text,
        id: None,
        parameters: Vec::new(),
        body: None,
        answers: BTreeMap::new(),
        refusals: BTreeMap::new(),
        components: Components::new(),
    }
}

impl Described {
    /// Whether it can be sent under an `Idempotency-Key`: files can be sent again as they are.
    pub(super) fn can_have_key(&self, operation: &Operation) -> bool {
        let content = self.body.as_ref().map(|body| &body["content"]);
        let takes_file = content.is_some_and(|content| content["application/json"].is_null());
        operation.method == "POST" && !takes_file
    }

    /// Takes this body.
    pub(super) fn takes<T: ToSchema>(self) -> Self {
        self.body_of::<T>(true)
    }

    /// The same, if there is one at all.
    pub(super) fn may_take<T: ToSchema>(self) -> Self {
        self.body_of::<T>(false)
    }

    fn body_of<T: ToSchema>(mut self, required: bool) -> Self {
        let schema = self.schema::<T>();
        let content = json!({"application/json": {"schema": schema}});
        self.body = Some(json!({"required": required, "content": content}));
        self
    }

    /// Takes a file, of any size.
    pub(super) fn takes_file(mut self, what: &str) -> Self {
        let text = json!({"schema": {"type": "string"}});
        self.body = Some(json!({
            "required": true,
            "description": what,
            "content": {
                "text/csv": text,
                "text/tab-separated-values": text,
                "text/plain": text,
                "application/vnd.ms-excel": text,
            },
        }));
        self.refuses(507, &[Code::Unavailable])
    }

    /// Answers 200 with this.
    pub(super) fn answers<T: ToSchema>(self) -> Self {
        self.answers_json::<T>(200, "What came of it.")
    }

    /// Answers 201 with what was made, which is then at `Location`.
    pub(super) fn makes<T: ToSchema>(self) -> Self {
        let made = self.answers_json::<T>(201, "What was made.");
        made.located(201)
    }

    /// Answers 202 with a plan that somebody else has to approve first, which is at `Location`.
    pub(super) fn plans<T: ToSchema>(self) -> Self {
        let planned = self.answers_json::<T>(202, "A plan that waits for approval.");
        planned.located(202)
    }

    fn located(mut self, status: u16) -> Self {
        if let Some(answer) = self.answers.get_mut(&status) {
            answer["headers"] = json!({"Location": {
                "description": "Where it can be read.",
                "schema": {"type": "string"},
            }});
        }
        self
    }

    fn answers_json<T: ToSchema>(mut self, status: u16, what: &str) -> Self {
        let schema = self.schema::<T>();
        let content = json!({"application/json": {"schema": schema}});
        let answer = json!({"description": what, "content": content});
        self.answers.insert(status, answer);
        self
    }

    /// Answers 204 with nothing.
    pub(super) fn answers_nothing(mut self) -> Self {
        let answer = json!({"description": "It is done."});
        self.answers.insert(204, answer);
        self
    }

    /// Answers 200 with a text of this media type.
    pub(super) fn answers_text(mut self, media_type: &str, what: &str) -> Self {
        let content = json!({media_type: {"schema": {"type": "string"}}});
        let answer = json!({"description": what, "content": content});
        self.answers.insert(200, answer);
        self
    }

    /// Answers a page of these, as JSON, CSV or a table.
    pub(super) fn lists<T: ToSchema>(mut self) -> Self {
        let item = self.schema::<T>();
        let name = format!("{}Page", T::name());
        let page = json!({
            "type": "object",
            "description": format!("A page of a list of `{}`.", T::name()),
            "properties": {
                "items": {"type": "array", "items": item},
                "nextCursor": {"$ref": reference("NextCursor")},
            },
            "required": ["items", "nextCursor"],
        });
        self.components.insert(name.clone(), page);
        self.page(200, &reference(&name))
    }

    /// Answers this as JSON, and its `items` as CSV or a table.
    pub(super) fn answers_with_page<T: ToSchema>(mut self, status: u16) -> Self {
        let schema = self.schema::<T>();
        let name = schema["$ref"].as_str().unwrap_or_default().to_owned();
        self.page(status, &name)
    }

    /// The same of a first page, which comes with what was made.
    pub(super) fn answers_with_format<T: ToSchema>(mut self, status: u16) -> Self {
        let schema = self.schema::<T>();
        let name = schema["$ref"].as_str().unwrap_or_default().to_owned();
        self.formatted(status, &name)
    }

    fn page(self, status: u16, schema: &str) -> Self {
        self.paged().formatted(status, schema)
    }

    fn formatted(mut self, status: u16, schema: &str) -> Self {
        self.answers.insert(status, formats(schema, &[]));
        self.query(
            "format",
            "How the answer is written.",
            &json!({"type": "string", "enum": ["json", "csv", "table"], "default": "json"}),
        )
    }

    /// Takes the parameters of every list.
    pub(super) fn paged(self) -> Self {
        self.query(
            "limit",
            "Items on a page at most.",
            &json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 50}),
        )
        .query(
            "cursor",
            "The `nextCursor` of the page before, with the same parameters.",
            &json!({"type": "string"}),
        )
    }

    /// Answers a report, as JSON, CSV, a table or a chart.
    pub(super) fn answers_report<T: ToSchema>(mut self) -> Self {
        let schema = self.schema::<T>();
        let name = schema["$ref"].as_str().unwrap_or_default().to_owned();
        let answer = formats(&name, &["image/svg+xml"]);
        self.answers.insert(200, answer);
        self.paged().query(
            "format",
            "How the answer is written.",
            &json!({"type": "string", "enum": ["json", "csv", "table", "svg"], "default": "json"}),
        )
    }

    /// What the `{id}` of the path is.
    pub(super) fn id(mut self, what: &str, schema: &Value) -> Self {
        self.id = Some(json!({"description": what, "schema": schema}));
        self
    }

    /// Takes a query parameter.
    pub(super) fn query(mut self, name: &str, what: &str, schema: &Value) -> Self {
        // Of a form that was left open; it is as if it were not there.
        let parameter = json!({"name": name, "in": "query", "description": what,
                               "allowEmptyValue": true, "schema": schema});
        self.parameters.push(parameter);
        self
    }

    /// Takes a query parameter that must be there.
    pub(super) fn must(mut self, name: &str) -> Self {
        let mut parameters = self.parameters.iter_mut();
        if let Some(parameter) = parameters.find(|known| known["name"] == name) {
            parameter["required"] = true.into();
            if let Some(parameter) = parameter.as_object_mut() {
                parameter.shift_remove("allowEmptyValue");
            }
        }
        self
    }

    /// Takes a text in the query.
    pub(super) fn text(self, name: &str, what: &str) -> Self {
        self.query(name, what, &json!({"type": "string"}))
    }

    /// Takes yes or no in the query.
    pub(super) fn flag(self, name: &str, what: &str) -> Self {
        self.query(name, what, &json!({"type": "boolean"}))
    }

    /// Takes a whole number in the query.
    pub(super) fn whole(self, name: &str, (from, to): (i64, i64), what: &str) -> Self {
        let schema = json!({"type": "integer", "minimum": from, "maximum": to});
        self.query(name, what, &schema)
    }

    /// Takes a value in the query.
    pub(super) fn one<T: ToSchema>(mut self, name: &str, what: &str) -> Self {
        let schema = self.schema::<T>();
        self.query(name, what, &schema)
    }

    /// Takes any number of values in the query, separated by commas or in parameters of their own.
    pub(super) fn any<T: ToSchema>(mut self, name: &str, what: &str) -> Self {
        let items = self.schema::<T>();
        let schema = json!({"type": "array", "items": items});
        let parameter = json!({"name": name, "in": "query", "description": what,
                               "allowEmptyValue": true,
                               "style": "form", "explode": false, "schema": schema});
        self.parameters.push(parameter);
        self
    }

    /// Is refused with this status for these reasons, besides what every operation is refused for.
    pub(super) fn refuses(mut self, status: u16, codes: &[Code]) -> Self {
        let known = self.refusals.entry(status).or_default();
        known.extend(codes);
        self
    }

    /// Is refused with 409 for these reasons.
    pub(super) fn conflicts(self, codes: &[Code]) -> Self {
        self.refuses(409, codes)
    }

    /// A reference to the schema of `T`, which is then among the components.
    fn schema<T: ToSchema>(&mut self) -> Value {
        let mut schemas = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut schemas);
        for (name, schema) in schemas {
            self.components.insert(name, json!(schema));
        }
        json!({"$ref": reference(&T::name())})
    }
}

/// Where a schema is.
pub(super) fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

/// An answer as JSON of a schema, and as text.
fn formats(schema: &str, more: &[&str]) -> Value {
    let mut content = Map::new();
    content.insert(
        "application/json".into(),
        json!({"schema": {"$ref": schema}}),
    );
    for media_type in ["text/csv", "text/plain"].iter().chain(more) {
        content.insert(
            (*media_type).to_owned(),
            json!({"schema": {"type": "string"}}),
        );
    }
    json!({
        "description": "What was asked for, by default as JSON.",
        "headers": {"X-Next-Cursor": {
            "description": "`nextCursor`, where the format has no place for it.",
            "schema": {"type": "string"},
        }},
        "content": content,
    })
}
