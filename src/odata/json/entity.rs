//! Entities as JSON objects: annotations, properties, links and expanded entities.

use super::{Json, Level, Writer, value::push_json_text};
use crate::{
    error::Error,
    model::{Binding, Nav, Prop, Relation, Row, StructId, StructType},
    query::{Expand, ExpandKind, Shape, Start, list, value},
};

impl Writer<'_> {
    /// Everything of an entity but its context.
    pub(super) fn members(
        &self,
        json: &mut Json,
        declared: StructId,
        shape: &Shape,
        row: &Row,
    ) -> Result<(), Error> {
        self.ctx.in_time()?;
        let structure = self.ctx.structure(row);
        self.control(json, declared, row);
        for prop in self.written(structure, declared, shape) {
            let property = structure.property_at(prop);
            self.member(json, property.name, &value(&self.ctx, row, prop)?, &property.ty);
        }
        self.computed(json, shape, row)?;
        let links = self.linked(structure, shape);
        for nav in &links {
            // A link stands next to what it is a link to.
            if shape.expand.iter().all(|expand| expand.navigation != *nav) {
                self.link(json, structure, *nav, row);
            }
        }
        for expand in &shape.expand {
            if links.contains(&expand.navigation) {
                self.link(json, structure, expand.navigation, row);
            }
            self.expanded(json, structure, expand, row)?;
        }
        if self.format.level == Level::Full && !shape.is_selected {
            self.actions(json, row)?;
        }
        Ok(())
    }

    /// What the caller may do with the entity. Source: OData JSON Format 4.0, 15.
    fn actions(&self, json: &mut Json, row: &Row) -> Result<(), Error> {
        let model = self.addresses.model;
        let on_entity = model.actions_on(row.set, Binding::Entity);
        for action in on_entity.filter(|action| self.checker.may_do(action)) {
            let name = format!("{}.{}", model.namespace, action.name);
            json.annotation("#", &name);
            json.inner(|json| {
                json.text("title", action.name);
                json.text("target", &format!("{}/{name}", self.addresses.id(row)));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Type, id, entity tag, and where the entity is read and changed.
    fn control(&self, json: &mut Json, declared: StructId, row: &Row) {
        let level = self.format.level;
        if level == Level::None {
            return;
        }
        if level == Level::Full || row.type_id != declared {
            json.text("@odata.type", &self.struct_annotation(row.type_id));
        }
        if level == Level::Full {
            json.text("@odata.id", &self.addresses.id(row));
        }
        if let Some(tag) = self.etag(row) {
            json.text("@odata.etag", &tag);
        }
        if level == Level::Full {
            if self.is_editable(row) {
                json.text("@odata.editLink", &self.addresses.edit(row));
            }
            json.text("@odata.readLink", &self.addresses.id(row));
        }
    }

    /// Whether the caller may change or delete entities like this one.
    fn is_editable(&self, row: &Row) -> bool {
        let scopes = self.addresses.model.set(row.set).scopes;
        let mut verbs = [scopes.write, scopes.delete].into_iter().flatten();
        verbs.any(|scope| self.checker.rights.has(scope))
    }

    /// The entity tag of a row that has a version of its own.
    #[must_use]
    pub fn etag(&self, row: &Row) -> Option<String> {
        row.etag(self.addresses.model)
    }

    /// The properties of the shape, and those only the entity's own type has.
    fn written(&self, structure: &StructType, declared: StructId, shape: &Shape) -> Vec<Prop> {
        let mut props = shape.properties.clone();
        let known = self.addresses.model.structure(declared).properties.len();
        if !shape.is_selected && structure.properties.len() > known {
            let visible = self.checker.visible_props(structure).into_iter();
            props.extend(visible.filter(|prop| usize::from(prop.0) >= known));
        }
        props
    }

    /// The navigation properties whose links are told: those that were selected, or all where all
    /// metadata is asked for. Source: OData 4.01 Part 1, 11.2.5.1.
    fn linked(&self, structure: &StructType, shape: &Shape) -> Vec<Nav> {
        match self.format.level {
            Level::None => Vec::new(),
            Level::Full if !shape.is_selected => self.checker.visible_navs(structure),
            Level::Minimal | Level::Full => shape.links.clone(),
        }
    }

    fn link(&self, json: &mut Json, structure: &StructType, nav: Nav, row: &Row) {
        let name = structure.navigation_at(nav).name;
        json.annotation(name, "@odata.navigationLink");
        push_json_text(&mut json.bytes, &format!("{}/{name}", self.addresses.edit(row)));
    }

    fn expanded(
        &self,
        json: &mut Json,
        structure: &StructType,
        expand: &Expand,
        row: &Row,
    ) -> Result<(), Error> {
        let navigation = structure.navigation_at(expand.navigation);
        let start = Start::Related(row.clone(), expand.navigation);
        let plan = &expand.plan;
        if expand.kind == ExpandKind::Count {
            let page =
                list(&crate::query::Plan { count: true, ..plan.clone() }, &start, &self.ctx)?;
            json.annotation(navigation.name, "@odata.count");
            json.bytes.extend(page.count.unwrap_or(0).to_string().as_bytes());
            return Ok(());
        }
        let page = list(plan, &start, &self.ctx)?;
        if let Some(count) = page.count {
            json.annotation(navigation.name, "@odata.count");
            json.bytes.extend(count.to_string().as_bytes());
        }
        json.name(navigation.name);
        match navigation.relation {
            Relation::Children { .. } => {
                json.bytes.push(b'[');
                for (at, row) in page.rows.iter().enumerate() {
                    if at > 0 {
                        json.bytes.push(b',');
                    }
                    self.related(json, expand, row)?;
                }
                json.bytes.push(b']');
            }
            Relation::Reference { .. } => match page.rows.first() {
                Some(row) => self.related(json, expand, row)?,
                None => json.bytes.extend(b"null"),
            },
        }
        Ok(())
    }

    fn related(&self, json: &mut Json, expand: &Expand, row: &Row) -> Result<(), Error> {
        let declared = self.addresses.model.set(expand.plan.set).ty;
        json.inner(|json| match expand.kind {
            ExpandKind::Entities => self.members(json, declared, &expand.plan.shape, row),
            ExpandKind::References => {
                json.text("@odata.id", &self.addresses.id(row));
                Ok(())
            }
            // Counts were written before.
            ExpandKind::Count => Ok(()),
        })
    }
}
