use super::*;

fn create(bench: &Bench, name: &str, address: &str, role: Role) -> Result<Row, Error> {
    let verb = NewUser::new(&bench.caller, name, address, role)?;
    block_on(bench.desk.create_user(&bench.caller, verb))
}

#[test]
fn an_address_belongs_to_one_member_of_staff_and_may_be_a_customers_too() {
    let bench = Bench::new();
    bench.ticket(&[("RequesterEmail", text("ann@example.net"))]).unwrap();
    create(&bench, "Ann", "ann@example.net", Role::Agent).unwrap();
    let again = create(&bench, "Anna", "ANN@example.net", Role::Agent);
    assert_eq!(
        refused(again),
        "Conflict 'Email' conflicts: another User has this value, which must be unique"
    );
    assert_eq!(bench.list(set::USERS, &["Id", "Role", "IsActive"]), ["1 Agent true"]);
}

#[test]
fn nobody_makes_somebody_with_more_rights() {
    let bench = Bench::new().with_scopes("users:write,tickets:read");
    let refusal = create(&bench, "Ann", "ann@example.net", Role::Agent).unwrap_err();
    assert_eq!(refusal.code(), "ExceedsRights");
    let bench = bench.with_scopes("tickets:read");
    let refusal = create(&bench, "Ann", "ann@example.net", Role::ReadOnlyAgent).unwrap_err();
    assert_eq!(refusal, Error::Forbidden { scope: "users:write".into() });
}

#[test]
fn a_name_and_an_address_are_needed() {
    let bench = Bench::new();
    for (name, address) in [("", "a@b"), (" ", "a@b"), ("Ann", "ann"), ("Ann", "")] {
        assert_eq!(create(&bench, name, address, Role::Agent).unwrap_err().status(), 400);
    }
}

#[test]
fn an_empty_workspace_is_filled_once() {
    let bench = Bench::new();
    block_on(bench.desk.seed()).unwrap();
    assert_eq!(
        bench.list(set::STATUSES, &["Id", "Name", "Kind", "Position", "IsDefault"]),
        [
            "1 New New 1 true",
            "2 Open Open 2 false",
            "3 Pending Pending 3 false",
            "4 Resolved Resolved 4 false",
            "5 Closed Closed 5 false",
        ]
    );
    assert_eq!(bench.list(set::PRIORITIES, &["Name"]), ["Low", "Normal", "High", "Urgent"]);
    assert_eq!(bench.list(set::SOURCES, &["Name"]), ["Email", "Web", "API", "Phone"]);
}
