"""Sound documents of a team, small and full, for the tests."""

HEAD = "couveuse: 1\nteam: small\n"
MEMBERS = """\
members:
  - {id: alice, name: Alice Martin, email: alice@example.com}
  - {id: bob, name: Bob Durand, email: bob@example.com}
"""
SALES = "teams:\n  - {{id: sales{}}}\n"

FULL = """\
couveuse: 1
team: pompes-durand
currency: CHF
owner: account_manager
hours:
  timezone: Europe/Paris
  week: {mon-fri: ["09:00-12:30", "14:00-18:00"]}
  holidays: FR
  days_off: [2026-12-24]
members:
  - id: alice
    name: Alice Martin
    email: alice@example.com
    telephone: "+33 1 23 45 67 89"
    language: fr
    channels: [email, {slack: slack-sales}]
    digest: "08:30"
    weight: 2
    absences: [{from: 2026-12-21, until: 2027-01-03, because: congés}]
  - id: bob
    name: Bob Durand
    email: bob@example.com
    hours: {timezone: America/New_York, holidays: none}
lists: {direction: [boss@example.com, {webhook: crm}]}
teams:
  - id: telemarketing
    label: {fr: Télémarketing, en: Telemarketing}
    members: [alice, bob]
    leads: [alice]
    hours: {week: {sat-sun: ["00:00-24:00"]}}
    assignment: territory
    owner_first: false
    territories: [{id: north, where: {traits.region: {in: [Nord]}}, members: [bob]}]
    treatments: {detect-project: {fr: Détecter un projet, en: Detect a project}}
    sla:
      within: 4h
      by_treatment: {detect-project: 1h}
      raise_to: [lead, direction]
      raise_every: 30m
      raise_times: 5
      news_within: 60d
    alert: [member, bob]
    channels: [{webhook: crm}, team@example.com]
    digest: "09:00"
    tries: 7
"""
