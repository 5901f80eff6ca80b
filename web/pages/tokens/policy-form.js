/**
 * The policy as a form holds it, and what of it was changed. Knows no page.
 * @module
 */

/**
 * @typedef {object} Policy
 * @property {string[]} MintingRoles
 * @property {number} LifetimeMaxHours
 * @property {number | null} LifetimeDefaultHours
 * @property {string[]} ScopesNeedingAddresses
 * @property {number} IdleDays
 * @property {boolean} AllowTokenInAddress
 * @property {string} OnRetiredSecret
 * @property {string} UpdatedDateTime
 */
/** @typedef {{ roles: string[], maxHours: string, defaultHours: string, needing: string[], idleDays: string, inAddress: boolean, onRetired: string }} Form */

/** @param {Policy} policy @returns {Form} */
export function formOf(policy) {
  return {
    roles: [...policy.MintingRoles],
    maxHours: String(policy.LifetimeMaxHours),
    defaultHours: policy.LifetimeDefaultHours === null ? '' : String(policy.LifetimeDefaultHours),
    needing: [...policy.ScopesNeedingAddresses],
    idleDays: String(policy.IdleDays),
    inAddress: policy.AllowTokenInAddress,
    onRetired: policy.OnRetiredSecret,
  };
}

/**
 * Only what differs, so that a change of somebody else is not written over by what was not touched.
 * @param {Policy} policy
 * @param {Form} form
 * @returns {Record<string, unknown>}
 */
export function changesOf(policy, form) {
  const before = formOf(policy);
  const whole = (/** @type {string} */ text) => (text.trim() === '' ? null : Number(text));
  return {
    ...(same(before.roles, form.roles) ? {} : { MintingRoles: form.roles }),
    ...(before.maxHours === form.maxHours ? {} : { LifetimeMaxHours: whole(form.maxHours) }),
    ...(before.defaultHours === form.defaultHours ? {} : { LifetimeDefaultHours: whole(form.defaultHours) }),
    ...(same(before.needing, form.needing) ? {} : { ScopesNeedingAddresses: form.needing }),
    ...(before.idleDays === form.idleDays ? {} : { IdleDays: whole(form.idleDays) }),
    ...(before.inAddress === form.inAddress ? {} : { AllowTokenInAddress: form.inAddress }),
    ...(before.onRetired === form.onRetired ? {} : { OnRetiredSecret: form.onRetired }),
  };
}

/** @param {string[]} one @param {string[]} other */
function same(one, other) {
  return one.length === other.length && one.every((text) => other.includes(text));
}
