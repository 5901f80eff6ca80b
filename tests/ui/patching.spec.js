// What a page keeps when it shows itself anew: focus, selection, scroll position, what is open, what was typed.
import { desk, expect, test } from './support.js';

const site = desk('new');

test('what is focused, selected, open, scrolled and typed stays when a page is shown anew', async ({ page }) => {
  await page.goto(`${site.url}/sign-in`);
  const source = await page.locator('script[type=module][src]').first().getAttribute('src');
  const found = await page.evaluate(async (main) => {
    const { html, render } = await import(String(main).replace(/main\.js$/, 'lib/html.js'));
    const home = document.body.appendChild(document.createElement('div'));
    const view = (/** @type {string[]} */ names, /** @type {string} */ title) => html`
      <h2>${title}</h2>
      <details><summary>more</summary>${title}</details>
      <textarea id="typed" .value=${'begin'}></textarea>
      <ul>${names.map((name) => html`<li key=${name}><button id=${name}>${name}</button></li>`)}</ul>`;
    render(home, view(['a', 'b', 'c'], 'one'));
    const details = /** @type {HTMLDetailsElement} */ (home.querySelector('details'));
    const area = /** @type {HTMLTextAreaElement} */ (home.querySelector('textarea'));
    const button = /** @type {HTMLElement} */ (home.querySelector('#b'));
    details.open = true;
    area.value = 'begin and more';
    area.setSelectionRange(2, 5);
    button.focus();
    render(home, view(['c', 'b', 'x', 'a'], 'two'));
    const kept = {
      focused: document.activeElement === button,
      open: details.open && details.isConnected,
      typed: area.value,
      selection: [area.selectionStart, area.selectionEnd],
      same: home.querySelector('#b') === button,
      order: [...home.querySelectorAll('li')].map((item) => item.textContent),
      title: home.querySelector('h2')?.textContent,
    };
    render(home, view([], ''));
    return { ...kept, left: home.querySelectorAll('li').length };
  }, source);
  expect(found).toEqual({
    focused: true, open: true, typed: 'begin and more', selection: [2, 5], same: true, order: ['c', 'b', 'x', 'a'], title: 'two', left: 0,
  });
});

test('no text of a template becomes markup, and no address a script', async ({ page }) => {
  await page.goto(`${site.url}/sign-in`);
  const source = await page.locator('script[type=module][src]').first().getAttribute('src');
  const found = await page.evaluate(async (main) => {
    const { html, render } = await import(String(main).replace(/main\.js$/, 'lib/html.js'));
    const home = document.body.appendChild(document.createElement('div'));
    const evil = '"><img src=x onerror="globalThis.ran=1"><script>globalThis.ran=1</script>';
    render(home, html`<p title=${evil} class="a ${evil}">${evil}</p><a href=${'javascript:globalThis.ran=1'}>x</a><b>${[evil, null, 0, true]}</b>`);
    return {
      tags: [...home.querySelectorAll('*')].map((one) => one.tagName), text: home.querySelector('p')?.textContent === evil,
      href: home.querySelector('a')?.getAttribute('href'), list: home.querySelector('b')?.textContent === `${evil}0`,
      ran: /** @type {any} */ (globalThis).ran ?? 'nothing',
    };
  }, source);
  expect(found).toEqual({ tags: ['P', 'A', 'B'], text: true, href: 'about:blank', list: true, ran: 'nothing' });
});

test('a page asks before what was typed is lost, and back is back', async ({ page }) => {
  await page.goto(`${site.url}/sign-in`);
  await page.goto(`${site.url}/setup`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no set-up link here');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sign in');
  const source = await page.locator('script[type=module][src]').first().getAttribute('src');
  await page.evaluate(async (main) => {
    const { beforeLeave } = await import(String(main).replace(/main\.js$/, 'lib/router.js'));
    const own = /** @type {any} */ (globalThis);
    own.asked = 0;
    beforeLeave(() => { own.asked += 1; return own.asked > 1; });
  }, source);
  await page.evaluate(() => history.back());
  await expect.poll(() => page.evaluate(() => /** @type {any} */ (globalThis).asked)).toBe(1);
  await expect(page).toHaveURL(/\/sign-in/);
  await page.evaluate(() => history.back());
  await expect(page).toHaveURL(/\/setup/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no set-up link here');
});
