import type { Scope } from '../src/keys/scope.ts'
import type { people } from './acting.ts'

type Who = keyof typeof people

/** A key of the demo's past. Its token is kept in memory while the past is made, and later only for `keeps`. */
export type PastKey = {
  name: string
  description: string
  integration?: string
  workspace?: 'Staging'
  scopes: Scope[]
  /** whole days; none for a key that never expires */
  days?: number
  by: Who
  /** the person who revealed it; when absent, the one who made it */
  owner?: Who
  madeDaysAgo: number
  requestsADay?: number
  /** nothing has asked with it since */
  silentSinceDaysAgo?: number
  /** its clients are still at work while the demo runs */
  keeps?: true
}

/** An act on a key after it was made. */
export type PastAct = {
  daysAgo: number
  by: Who
  does: 'deactivate' | 'revoke'
  key: string
  reason: string
}

export const pastKeys: readonly PastKey[] = [
  {
    name: 'Warehouse ETL',
    description: 'Nightly copy into Snowflake',
    integration: 'Snowflake',
    scopes: ['read', 'analytics'],
    by: 'otherManager',
    madeDaysAgo: 119,
    requestsADay: 2,
    keeps: true,
  },
  {
    name: 'Website Widget',
    description: 'The chat bubble before the relaunch',
    scopes: ['conversations'],
    days: 180,
    by: 'manager',
    madeDaysAgo: 112,
    requestsADay: 2,
  },
  {
    name: 'Spring Campaign',
    description: 'Mailings of the spring campaign',
    integration: 'Mailchimp',
    scopes: ['read', 'write'],
    days: 30,
    by: 'manager',
    owner: 'member',
    madeDaysAgo: 98,
    requestsADay: 2,
  },
  {
    name: 'Billing Export',
    description: 'Hands conversation counts to invoicing',
    integration: 'Invoicing',
    scopes: ['read', 'analytics'],
    days: 30,
    by: 'manager',
    owner: 'member',
    madeDaysAgo: 27,
    requestsADay: 1,
    keeps: true,
  },
  {
    name: 'Zendesk Sync',
    description: 'Tickets in both directions',
    integration: 'Zendesk',
    scopes: ['read', 'write', 'conversations'],
    days: 60,
    by: 'otherManager',
    madeDaysAgo: 54,
    requestsADay: 20,
    keeps: true,
  },
  {
    name: 'Salesforce CRM',
    description: 'Keeps contacts and accounts in step',
    integration: 'Salesforce',
    scopes: ['read'],
    days: 90,
    by: 'manager',
    madeDaysAgo: 62,
    requestsADay: 13,
    keeps: true,
  },
  {
    name: 'Zapier',
    description: 'Asked for by marketing',
    integration: 'Zapier',
    scopes: ['read'],
    days: 180,
    by: 'manager',
    owner: 'otherMember',
    madeDaysAgo: 45,
  },
  {
    name: 'Intercom Bridge',
    description: 'Moves old conversations over',
    integration: 'Intercom',
    scopes: ['read', 'conversations'],
    days: 120,
    by: 'otherManager',
    madeDaysAgo: 40,
    requestsADay: 3,
  },
  {
    name: 'Looker Dashboard',
    description: 'Numbers for the weekly meeting',
    integration: 'Looker',
    scopes: ['read', 'analytics'],
    days: 365,
    by: 'owner',
    madeDaysAgo: 34,
    requestsADay: 6,
    keeps: true,
  },
  {
    name: 'Mobile App',
    description: 'Back end of the iOS and Android apps',
    scopes: ['read', 'write'],
    days: 180,
    by: 'otherManager',
    madeDaysAgo: 20,
    requestsADay: 11,
    keeps: true,
  },
  {
    name: 'Agent Copilot',
    description: 'Suggests answers to support agents',
    scopes: ['read', 'conversations', 'agents'],
    days: 60,
    by: 'manager',
    madeDaysAgo: 9,
    requestsADay: 8,
    keeps: true,
  },
  {
    name: 'Café Nørd ☕ 日本',
    description: 'A partner whose name needs every alphabet',
    scopes: ['read'],
    days: 30,
    by: 'manager',
    madeDaysAgo: 3,
  },
  {
    name: 'Survey Pilot',
    description: 'A trial with two customers',
    scopes: ['read'],
    days: 365,
    by: 'owner',
    madeDaysAgo: 72,
    requestsADay: 2,
    silentSinceDaysAgo: 63,
  },
  {
    name: 'Data Science Notebook',
    description: 'Looks for topics in conversations',
    scopes: ['read', 'analytics'],
    days: 180,
    by: 'manager',
    owner: 'member',
    madeDaysAgo: 26,
    requestsADay: 3,
    keeps: true,
  },
  {
    name: 'Salesforce CRM',
    description: 'The same integration, tried out here first',
    integration: 'Salesforce',
    workspace: 'Staging',
    scopes: ['read', 'write'],
    days: 180,
    by: 'manager',
    madeDaysAgo: 70,
    requestsADay: 1,
  },
  {
    name: 'CI Smoke Tests',
    description: 'Run after every deployment',
    workspace: 'Staging',
    scopes: ['read', 'write', 'conversations', 'agents', 'analytics'],
    days: 365,
    by: 'otherManager',
    madeDaysAgo: 58,
    requestsADay: 2,
  },
  {
    name: 'Load Test',
    description: '',
    workspace: 'Staging',
    scopes: ['read'],
    days: 14,
    by: 'otherManager',
    madeDaysAgo: 2,
  },
]

export const pastActs: readonly PastAct[] = [
  { daysAgo: 69, by: 'manager', does: 'revoke', key: 'Spring Campaign', reason: 'the campaign is over' },
  { daysAgo: 31, by: 'owner', does: 'revoke', key: 'Website Widget', reason: 'found in a public repository' },
  {
    daysAgo: 12,
    by: 'otherManager',
    does: 'deactivate',
    key: 'Intercom Bridge',
    reason: 'migration is done',
  },
]
