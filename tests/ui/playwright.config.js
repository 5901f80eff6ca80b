// How the browser runs. Everything it leaves lies in target/ui.
import { defineConfig } from '@playwright/test';
import { CHROMIUM, OUT } from './places.js';

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.js',
  outputDir: `${OUT}/results`,
  globalSetup: './templates.js',
  workers: 2,
  // The tests of one file share a server and go in order.
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  // Where other work takes the processor a page may move under the mouse: once more, and the list says so.
  retries: process.env.CI ? 1 : 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: CHROMIUM },
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    contextOptions: { reducedMotion: 'reduce' },
    actionTimeout: 15_000,
    // Keeping a trace takes a third of the time: only of what failed once.
    trace: process.env.CI ? 'on-first-retry' : 'off',
  },
});
