// How pages are told to who does not see them: landmarks, headings, names and states, as snapshots of the ARIA tree.
import { desk, expect, signIn, test } from './support.js';

const site = desk('people');

/**
 * That a part of the page tells all these lines, in this order, whatever stands between.
 * @param {import('@playwright/test').Locator} part @param {string} wanted
 */
async function tells(part, wanted) {
  await expect(part.getByRole('heading', { level: 1 })).toBeVisible();
  const lines = wanted.split('\n').map((line) => line.trim().replace(/:$/, '')).filter(Boolean);
  await expect(async () => {
    let rest = (await part.ariaSnapshot()).split('\n').map((line) => line.trim());
    for (const line of lines) {
      const at = rest.findIndex((one) => one.startsWith(line));
      expect(at, `${line} is not told in\n${rest.join('\n')}`).toBeGreaterThanOrEqual(0);
      rest = rest.slice(at + 1);
    }
  }).toPass({ timeout: 10_000 });
}

const BAR = `
  - banner:
    - link "Tessera"
    - navigation "Main":
      - link "Dashboard"
      - link "Tickets"
      - link "People"
      - link "Teams"
      - link "Lists"
      - link "Access tokens"
      - link "Audit log"
    - button "Account of Ada"
`;

test('signing in', async ({ page }) => {
  await page.goto(`${site.url}/sign-in`);
  await tells(page.locator('body'), `
    - main:
      - heading "Sign in" [level=1]
      - textbox "E-mail address"
      - textbox "Password"
      - button "Show"
      - button "Sign in"
  `);
});

test('the bar and an empty desk', async ({ page }) => {
  await signIn(page, site, 'ada', '/');
  await tells(page.locator('body'), BAR);
  await expect(page.getByRole('link', { name: 'Dashboard' })).toHaveAttribute('aria-current', 'page');
  await tells(page.getByRole('main'), `
    - main:
      - heading "Dashboard" [level=1]
      - heading "There are no tickets yet" [level=2]
      - link "Write the first ticket"
      - link "Connect your tools"
  `);
});

test('the profile', async ({ page }) => {
  await signIn(page, site, 'ada', '/profile');
  await tells(page.getByRole('main'), `
    - main:
      - heading "Profile" [level=1]
      - region "Account":
        - heading "Account" [level=2]
        - term: Name
        - definition: Ada
      - region "Language and look":
        - combobox "Language"
        - combobox "Theme"
      - region "My sessions":
        - table "My sessions":
          - rowgroup:
            - row:
              - columnheader "Address"
              - columnheader "Program"
              - columnheader "Began"
              - columnheader "Last seen"
              - columnheader "End"
      - region "Change password":
        - textbox "Password now"
        - textbox "New password"
        - button "Change password"
  `);
});

test('a list of people', async ({ page }) => {
  await signIn(page, site, 'ada', '/people/users');
  await tells(page.getByRole('main'), `
    - main:
      - navigation "People":
        - link "Customers"
        - link "Staff"
      - heading "Staff" [level=1]
      - button "New member of staff"
      - searchbox "Search"
      - combobox "State"
      - button "Copy OData URL"
      - table "Staff":
        - rowgroup:
          - row:
            - columnheader "Name":
              - button "Name"
            - columnheader "E-mail address"
            - columnheader "Role"
            - columnheader "Teams"
            - columnheader "State"
            - columnheader "Actions"
        - rowgroup:
          - row:
            - rowheader "Ada You"
            - cell "ada@x.example"
            - cell "Administrator"
            - cell "Active"
            - cell "Actions for Ada"
  `);
});

test('the lists tickets choose from', async ({ page }) => {
  await signIn(page, site, 'ada', '/settings/pickers');
  await tells(page.getByRole('main'), `
    - main:
      - heading "Lists" [level=1]
      - navigation "Lists":
        - link "Statuses"
        - link "Priorities"
        - link "Categories"
        - link "Types"
        - link "Sources"
        - link "Resolutions"
      - heading "Statuses" [level=2]
      - table "Statuses":
        - rowgroup:
          - row:
            - button "Move New up" [disabled]
            - button "Move New down"
            - rowheader "New Default"
            - cell "New"
            - cell "In use"
            - button "Actions for New"
      - heading "New entry" [level=2]
      - textbox "Name"
      - combobox "Kind"
      - button "Add"
  `);
});
