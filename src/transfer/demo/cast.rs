//! Who and what the demo is made of.

/// Name, address, role of staff; ids follow their order.
pub(super) const STAFF: [(&str, &str, &str); 5] = [
    ("Amara Okafor", "amara.okafor@desk.example", "Administrator"),
    ("Jonas Weber", "jonas.weber@desk.example", "Agent"),
    ("Lin Zhao", "lin.zhao@desk.example", "Agent"),
    ("Marta Kowalska", "marta.kowalska@desk.example", "Agent"),
    ("Tomás Silva", "tomas.silva@desk.example", "ReadOnlyAdministrator"),
];

/// Teams with the ids of their members.
pub(super) const TEAMS: [(&str, &[i64]); 3] =
    [("Service Desk", &[1, 2, 3]), ("Infrastructure", &[3, 4]), ("Applications", &[2, 4])];

/// Name, address, company and department of customers; the third is important.
pub(super) const CUSTOMERS: [(&str, &str, &str, &str); 10] = [
    ("Priya Nair", "priya.nair@northwind.example", "Northwind", "Finance"),
    ("Olivier Martin", "olivier.martin@northwind.example", "Northwind", "Sales"),
    ("Grace Mbeki", "grace.mbeki@northwind.example", "Northwind", "Management"),
    ("Sven Lindqvist", "sven.lindqvist@fabrikam.example", "Fabrikam", "Production"),
    ("Yuki Tanaka", "yuki.tanaka@fabrikam.example", "Fabrikam", "Design"),
    ("Elena Petrova", "elena.petrova@fabrikam.example", "Fabrikam", "Logistics"),
    ("Daniel O'Neill", "daniel.oneill@contoso.example", "Contoso", "Legal"),
    ("Fatima Zahra", "fatima.zahra@contoso.example", "Contoso", "People"),
    ("Hans Müller", "hans.mueller@contoso.example", "Contoso", "Warehouse"),
    ("Chloé Dubois", "chloe.dubois@contoso.example", "Contoso", "Marketing"),
];

/// Categories; ids follow their order.
pub(super) const CATEGORIES: [&str; 5] = ["Hardware", "Software", "Network", "Access", "Email"];

/// Offices, to tell tickets apart.
pub(super) const PLACES: [&str; 4] = ["Berlin", "Lyon", "Porto", "Gdańsk"];

/// A sort of request: title and description (`@` is a place in both), category from 1, type, tags.
pub(super) struct Plot {
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) category: usize,
    pub(super) sort: &'static str,
    pub(super) tags: &'static [&'static str],
}

const fn plot(
    title: &'static str,
    description: &'static str,
    category: usize,
    sort: &'static str,
    tags: &'static [&'static str],
) -> Plot {
    Plot { title, description, category, sort, tags }
}

/// Every sort of request.
pub(super) const PLOTS: [Plot; 20] = [
    plot(
        "Printer on the 2nd floor in @ prints blank pages",
        "It started this morning. The queue looks fine and the toner is new.",
        1,
        "Incident",
        &["printer"],
    ),
    plot(
        "Laptop does not wake from sleep",
        "I have to hold the power button every time I open the lid.",
        1,
        "Incident",
        &["laptop", "hardware"],
    ),
    plot(
        "Second monitor for a desk in @",
        "Our new colleague starts on Monday and needs a second screen.",
        1,
        "Request",
        &["onboarding"],
    ),
    plot(
        "Docking station drops the network every few minutes",
        "Wi-Fi works, the cable does not. Another dock behaves the same.",
        1,
        "Incident",
        &["laptop", "dock"],
    ),
    plot(
        "Accounting client asks for a licence key",
        "Since the update the program shows a licence dialogue and closes.",
        2,
        "Incident",
        &["license", "finance"],
    ),
    plot(
        "Please install the drawing software",
        "I need it for the brochure, the licence is ordered.",
        2,
        "Request",
        &["install"],
    ),
    plot(
        "Spreadsheet with macros opens read-only",
        "The monthly report cannot be saved any more. Is that the new policy?",
        2,
        "Question",
        &["excel"],
    ),
    plot(
        "Time sheet shows last year's holidays",
        "The calendar in the time sheet is wrong for everybody in @.",
        2,
        "Incident",
        &["calendar"],
    ),
    plot(
        "Video calls from @ freeze after ten minutes",
        "Sound goes on, the picture stands still. Everybody in the room sees it.",
        3,
        "Incident",
        &["wifi", "meeting"],
    ),
    plot(
        "VPN disconnects when I join a call",
        "It reconnects by itself, but the call is gone. Home office, cable.",
        3,
        "Incident",
        &["vpn"],
    ),
    plot(
        "Guest Wi-Fi voucher for visitors in @",
        "Six visitors from Tuesday to Thursday.",
        3,
        "Request",
        &["wifi", "visitors"],
    ),
    plot(
        "Scanner cannot reach the shared folder",
        "It says 'path not found' since the move of the file server.",
        3,
        "Incident",
        &["scanner"],
    ),
    plot(
        "New colleague needs accounts",
        "Starts on the first of the month, same rights as the rest of the team.",
        4,
        "Request",
        &["onboarding"],
    ),
    plot(
        "Locked out after too many attempts",
        "I changed my password on the phone and now nothing works.",
        4,
        "Incident",
        &["password", "mfa"],
    ),
    plot(
        "Access to the folder of the audit",
        "Read access is enough. My manager agrees (in copy).",
        4,
        "Request",
        &["folder"],
    ),
    plot(
        "Badge does not open the side door in @",
        "The main entrance works. Mine is one of the old blue badges.",
        4,
        "Incident",
        &["badge"],
    ),
    plot(
        "Mails to a supplier come back",
        "The answer says 'policy rejection'. Their administrator sees nothing.",
        5,
        "Incident",
        &["mail", "bounce"],
    ),
    plot(
        "Shared mailbox for applications",
        "Three of us should read and answer. Name: jobs.",
        5,
        "Request",
        &["mailbox"],
    ),
    plot(
        "Out of office reply keeps coming",
        "I am back since Monday and people still get it.",
        5,
        "Question",
        &["outlook"],
    ),
    plot(
        "Is this invoice mail genuine?",
        "Sender looks like our bank, the link does not. I did not click.",
        5,
        "Question",
        &["phishing", "security"],
    ),
];

/// What staff write to customers.
pub(super) const ANSWERS: [&str; 6] = [
    "Thank you for reporting this. I am looking into it now.",
    "Could you tell me when it happened last, and on which device?",
    "I have changed a setting on our side. Please try again and tell me how it goes.",
    "This is known and a colleague is working on it. I will keep you posted.",
    "Done. Please sign out and in again for it to take effect.",
    "I will come by tomorrow morning to have a look.",
];

/// What customers write back.
pub(super) const REPLIES: [&str; 5] = [
    "That helped, thank you!",
    "Unfortunately it is still the same.",
    "It happened again at about nine this morning.",
    "Any news on this? We need it by the end of the week.",
    "Works now. You can close this one.",
];

/// What staff write for staff.
pub(super) const NOTES: [&str; 4] = [
    "Same symptom as last month, see the change calendar.",
    "Vendor case opened, they answer within two days.",
    "Be gentle: third ticket from this office this week.",
    "Spare part is on the shelf in room 1.07.",
];
