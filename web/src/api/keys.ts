/*
 * The names under which answers are cached, in one place, so that an event can say which of them
 * are no longer true. What always holds: a key begins with its kind, then the client.
 */
export const keys = {
	me: ["me"] as const,
	clients: ["clients"] as const,
	client: (slug: string) => ["client", slug] as const,
	onboarding: ["onboarding"] as const,
	connections: (slug: string) => ["connections", slug] as const,
	history: (slug: string, id: string) => ["history", slug, id] as const,
	conversations: (slug: string, filters: unknown) => ["conversations", slug, filters] as const,
	conversation: (slug: string, id: string) => ["conversation", slug, id] as const,
	sessions: (slug: string, id: string) => ["sessions", slug, id] as const,
	session: (slug: string, id: string) => ["session", slug, id] as const,
	tickets: (slug: string, id: string) => ["tickets", slug, id] as const,
	importState: (slug: string) => ["import-state", slug] as const,
	importFailures: (slug: string) => ["import-failures", slug] as const,
	jobs: (slug: string, kind: string) => ["jobs", slug, kind] as const,
	job: (slug: string, id: string) => ["job", slug, id] as const,
	scripts: (slug: string) => ["scripts", slug] as const,
	summary: (slug: string, of: unknown) => ["summary", slug, of] as const,
	ranking: (slug: string, of: unknown) => ["ranking", slug, of] as const,
	analysisFailures: (slug: string, of: unknown) => ["analysis-failures", slug, of] as const,
	details: (slug: string, session: string, of: unknown) => ["details", slug, session, of] as const,
	kpi: (slug: string, which: string, of: unknown) => ["kpi", slug, which, of] as const,
	webhooks: (slug: string, filters: unknown) => ["webhooks", slug, filters] as const,
	webhook: (slug: string, id: string) => ["webhook", slug, id] as const,
	replayCount: (slug: string, of: unknown) => ["replay-count", slug, of] as const,
	alerts: (slug: string) => ["alerts", slug] as const,
	parked: (slug: string) => ["parked", slug] as const,
	audit: (slug: string) => ["audit", slug] as const,
	tokens: ["tokens"] as const,
	settings: ["settings"] as const,
	health: ["health"] as const,
};

/** The kinds of cached answers that an event of that name makes stale. */
export const staleAfter: Readonly<Record<string, readonly string[]>> = {
	"conversation.changed": ["conversation", "sessions", "tickets"],
	"connection.changed": ["connections", "history"],
	"job.changed": ["jobs", "job", "import-state", "import-failures"],
	"webhook_events.changed": ["webhook", "parked"],
	"analysis.changed": ["summary", "ranking", "details", "analysis-failures"],
	"script.changed": ["scripts", "summary", "ranking"],
	"lead.changed": ["conversation"],
	"client.changed": ["client", "clients", "connections", "import-state"],
	"alert.changed": ["alerts", "health"],
	"import.changed": ["import-state", "import-failures", "jobs"],
	"media.changed": [] /* the open thread listens itself */,
};
