/** Who one is here: account, language and look, password, sessions. @module */
import { call } from '../lib/api.js';
import { ask } from '../lib/dialog.js';
import { field, fieldErrors, focusError, formError, formValues } from '../lib/field.js';
import { html } from '../lib/html.js';
import { dateTime, errorText, lang, program, relative, setLang, t } from '../lib/i18n.js';
import { Page, setTheme, theme } from '../lib/page.js';
import { loadMe, me } from '../lib/session.js';
import { table } from '../lib/table.js';
import { toast } from '../lib/above.js';

/** @typedef {{ Id: number, CreatedDateTime: string, LastSeenDateTime: string, Address: string | null, Agent: string | null, IsCurrent: boolean }} Session */

class ProfilePage extends Page {
  /** @type {Session[]} */
  #sessions = [];
  /** @type {Record<string, string>} */
  #errors = {};
  #sessionError = '';

  pageTitle() {
    return t('profile.title');
  }

  /** @param {AbortSignal} signal */
  async load(signal) {
    this.#sessions = (await call('/session/all', { signal })).value;
  }

  view() {
    return html`<div class="page medium">
      <h1 tabindex="-1">${t('profile.title')}</h1>
      ${this.#account()} ${this.#look()} ${this.#mySessions()} ${this.#password()}
    </div>`;
  }

  #account() {
    const who = me();
    return html`<section class="card" aria-labelledby="account">
      <h2 id="account">${t('profile.account')}</h2>
      <dl class="facts">
        <dt>${t('name')}</dt><dd>${who?.Name}</dd>
        <dt>${t('email')}</dt><dd>${who?.Email}</dd>
        <dt>${t('profile.role')}</dt><dd>${who && t(`role.${who.Role}`)}
          <details><summary class="soft">${t('profile.scopes', { count: who?.Scopes.length ?? 0 })}</summary>
            <p class="row">${who?.Scopes.map((scope) => html`<span class="chip mono" key=${scope}>${scope}</span>`)}</p>
          </details></dd>
      </dl>
    </section>`;
  }

  #look() {
    /** @param {Event} event */
    const chosen = (event) => /** @type {HTMLSelectElement} */ (event.target).value;
    return html`<section class="card" aria-labelledby="look">
      <h2 id="look">${t('profile.look')}</h2>
      <div class="fields">
        ${field({
          label: t('profile.language'), name: 'language', type: 'select', value: lang(),
          options: [{ value: 'en', label: 'English' }, { value: 'de', label: 'Deutsch' }],
          onchange: (event) => void setLang(chosen(event) === 'de' ? 'de' : 'en'),
        })}
        ${field({
          label: t('profile.theme'), name: 'theme', type: 'select', value: theme(),
          options: ['system', 'light', 'dark'].map((value) => ({ value, label: t(`profile.theme.${value}`) })),
          onchange: (event) => setTheme(/** @type {import('../lib/page.js').Theme} */ (chosen(event))),
        })}
      </div>
      <p class="hint">${t('profile.kept')}</p>
    </section>`;
  }

  #mySessions() {
    return html`<section class="card" aria-labelledby="sessions">
      <div class="page-head">
        <h2 id="sessions">${t('profile.sessions')}</h2>
        ${this.#sessions.length > 1 && html`<div class="end"><button class="button small" @click=${() => this.#endOthers()}>${t('profile.end-others')}</button></div>`}
      </div>
      <p class="soft">${t('profile.sessions-text')}</p>
      ${formError(this.#sessionError)}
      ${table({
        caption: t('profile.sessions'),
        stacks: true,
        rows: this.#sessions,
        rowKey: (row) => row.Id,
        columns: [
          { key: 'address', label: t('profile.address'), isHead: true, cell: (row) => html`${row.Address ?? '–'} ${row.IsCurrent && html`<span class="chip on">${t('profile.this')}</span>`}` },
          { key: 'program', label: t('profile.program'), cell: (row) => html`<span title=${row.Agent}>${program(row.Agent)}</span>` },
          { key: 'began', label: t('profile.began'), cell: (row) => dateTime(row.CreatedDateTime) },
          { key: 'seen', label: t('profile.seen'), cell: (row) => html`<time datetime=${row.LastSeenDateTime} title=${dateTime(row.LastSeenDateTime)}>${relative(row.LastSeenDateTime)}</time>` },
          {
            key: 'end', label: t('profile.end'), hideLabel: true, className: 'actions-cell',
            cell: (row) => !row.IsCurrent && html`<button class="button small" aria-label=${t('profile.end-one', { address: row.Address ?? '' })}
              @click=${() => this.#end(row)}>${t('profile.end')}</button>`,
          },
        ],
      })}
    </section>`;
  }

  #password() {
    return html`<section class="card" aria-labelledby="change">
      <h2 id="change">${t('profile.password')}</h2>
      <p class="soft">${t('profile.password-text')}</p>
      <form class="form" @submit=${(/** @type {Event} */ event) => this.#changePassword(event)}>
        ${formError(this.#errors['form'])}
        <input class="live" type="text" name="username" autocomplete="username" readonly tabindex="-1" aria-hidden="true" .value=${me()?.Email}>
        <div class="fields">
          ${field({ label: t('profile.now'), name: 'Password', type: 'password', autocomplete: 'current-password', required: true, error: this.#errors['Password'] })}
          ${field({ label: t('profile.next'), name: 'NewPassword', type: 'password', autocomplete: 'new-password', required: true, error: this.#errors['NewPassword'] })}
        </div>
        <p class="hint">${t('setup.password-hint')}</p>
        <p class="actions"><button class="button primary">${t('profile.password')}</button></p>
      </form>
    </section>`;
  }

  /** @param {Session} session */
  async #end(session) {
    await this.#tried(async () => {
      await call(`/session/${session.Id}`, { method: 'DELETE' });
      toast(t('profile.ended'));
    });
  }

  async #endOthers() {
    const isSure = await ask({ title: t('profile.end-others-title'), text: t('profile.end-others-text'), action: t('profile.end-others'), danger: true });
    if (!isSure) return;
    await this.#tried(async () => {
      await call('/session/all', { method: 'DELETE' });
      toast(t('profile.others-ended'));
    });
  }

  /** @param {() => Promise<void>} action */
  async #tried(action) {
    try {
      await action();
      this.#sessionError = '';
    } catch (error) {
      this.#sessionError = errorText(error);
    }
    await this.reload();
  }

  /** @param {Event} event */
  async #changePassword(event) {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const { Password, NewPassword } = formValues(event);
    try {
      await call('/session/password', { body: { Password, NewPassword } });
      this.#errors = {};
      form.reset();
      toast(t('profile.changed'));
      await loadMe();
      await this.reload();
    } catch (error) {
      const isWrong = /** @type {{ code?: string }} */ (error).code === 'SignInFailed';
      this.#errors = isWrong ? { Password: errorText(error) } : fieldErrors(error, ['Password', 'NewPassword']);
      this.update();
      focusError(form);
    }
  }
}

customElements.define('profile-page', ProfilePage);
export default ProfilePage;
