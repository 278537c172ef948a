import { styleText } from 'node:util'
import { general, people } from '../acting.ts'
import type { House } from '../house.ts'
import { operationsToken } from '../operations.ts'

/** The text for a newcomer when the demo is up: where to look, what to try, how to stop. */
export function welcome({ slack, platform, keywarden }: House, seconds: number, pretty: boolean): string {
  const strong = (text: string) => (pretty ? styleText('bold', text) : text)
  const page = `${slack.url}/?as=${people.manager}&channel=${general}`
  return `
${strong('The demo is up')} after ${seconds.toFixed(0)} s. Open the first address in a browser.

  Slack      ${strong(page)}
  Platform   ${platform.url}   a toy API; it asks Keywarden about every request
  Keywarden  ${keywarden.url}   POST /v1/verify, /healthz; /metrics for ${operationsToken}

${strong('Try this')} in #general. You are Bruno, a manager.

  1  /keys create                     fill the form, then copy the key: it is shown once
  2  curl -i ${platform.url}/v1/contacts -H 'Authorization: Bearer THE_KEY'
  3  /keys list                       who uses what; your request is counted within a second
     /keys usage Salesforce CRM       how much, how well, from where, with a picture
  4  /keys deactivate NAME            the same curl is refused; /keys activate NAME resumes it
  5  /keys revoke NAME                refused for good

  #security-alerts                    two keys are about to expire: press Deactivate
  Leak a key, at the top              somebody uses Salesforce CRM from elsewhere; see the alert, press Quarantine
  +90 days, at the top                moves the calendar; what falls due on the way happens
  Bruno, at the upper left            be Ada, who owns Keywarden, or Emre, who may do none of this
  /keys list in:Staging               the other workspace

Ctrl-C stops everything and removes its data.
`
}
