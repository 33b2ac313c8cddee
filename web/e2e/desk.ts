/*
 * A helpdesk that holds what the test writes into it, and nothing else: for what must be known to the
 * letter, where `world.sim.helpdesk` has plenty. What always holds: each ticket is one attendance, of
 * the times and words that were given; what is changed is newer than it was.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { World } from "./world";

export interface Attendance {
	/** Of the customer; the number follows from its place. */
	name: string;
	/** Null: nobody took it up. */
	agent: string | null;
	start: Date;
	/** Until then it lasted; null: it goes on. */
	end: Date | null;
	tags?: string[];
	/** In turns, the customer first; one that begins with "< " is the agent's. */
	words: readonly string[];
	/** Seconds from one message to the next (60). */
	pace?: number;
}

interface Ticket extends Attendance {
	id: number;
	updatedAt: Date;
	messages: { id: number; body: string; fromMe: boolean; createdAt: Date; updatedAt: Date }[];
}

export class Desk {
	readonly #server: Server;
	readonly #tickets: Ticket[] = [];
	#ids = 1000;

	private constructor(
		readonly key: string,
		server: Server,
	) {
		this.#server = server;
	}

	/** Starts one, and tells the client of it. */
	static async open(world: World, clientSlug: string): Promise<Desk> {
		const server = createServer();
		const desk = new Desk(`chave-do-helpdesk-${clientSlug}`, server);
		server.on("request", (request, response) => {
			const isKnown = request.headers["api-key"] === desk.key;
			const list = desk.#list(new URL(request.url ?? "/", "http://desk"));
			response.writeHead(!isKnown ? 401 : list === null ? 404 : 200, {
				"content-type": "application/json",
			});
			response.end(JSON.stringify(isKnown && list !== null ? { data: list, hasMore: false } : {}));
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		await world.api("patch", "/api/clients/{slug}", {
			path: { slug: clientSlug },
			body: { apiBaseUrl: desk.url, apiKey: desk.key },
		});
		return desk;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	add(attendance: Attendance): void {
		const id = this.#ids++;
		const pace = (attendance.pace ?? 60) * 1000;
		const messages = attendance.words.map((said, i) => {
			const at = new Date(attendance.start.getTime() + (i + 1) * pace);
			const fromMe = said.startsWith("< ");
			return {
				id: this.#ids++,
				body: fromMe ? said.slice(2) : said,
				fromMe,
				createdAt: at,
				updatedAt: at,
			};
		});
		const updatedAt = attendance.end ?? messages.at(-1)?.createdAt ?? attendance.start;
		this.#tickets.push({ ...attendance, id, updatedAt, messages });
	}

	/** Somebody edits a message, now. */
	edit(before: string, after: string): void {
		for (const ticket of this.#tickets)
			for (const message of ticket.messages)
				if (message.body === before) {
					message.body = after;
					message.updatedAt = ticket.updatedAt = new Date();
					return;
				}
		throw new Error(`the desk has no message ${before}`);
	}

	/** People and tickets are imported; both jobs must end well. */
	async import(world: World, clientSlug: string): Promise<void> {
		for (const route of ["/api/jobs/sync-contacts/{slug}", "/api/jobs/import/{slug}"] as const) {
			const { jobId } = await world.api("post", route, { path: { slug: clientSlug } });
			const job = await world.jobEnded(jobId);
			if (job.status !== "succeeded") throw new Error(`${route}: ${JSON.stringify(job)}`);
		}
	}

	#list(at: URL): unknown[] | null {
		if (at.searchParams.get("page") !== "1") return [];
		if (at.pathname === "/ticket") return this.#tickets.map((t) => this.#ticket(t));
		if (at.pathname === "/contact") return this.#tickets.map((t) => this.#contact(t));
		const uuid = /^\/ticket\/([^/]+)\/messages$/.exec(at.pathname)?.[1];
		const ticket = this.#tickets.find((t) => uuidOf(t) === uuid);
		return ticket?.messages.map((m) => ({ ...m, ticketId: ticket.id })) ?? null;
	}

	#contact(t: Ticket) {
		const tags = (t.tags ?? []).map((name, i) => ({ id: t.id * 10 + i, name }));
		return { id: t.id, name: t.name, number: String(5511910000000 + t.id), tags };
	}

	#ticket(t: Ticket) {
		const user =
			t.agent === null
				? null
				: { id: 7, name: t.agent, email: `${t.agent.toLowerCase()}@acme.example` };
		return {
			uuid: uuidOf(t),
			createdAt: t.start,
			updatedAt: t.updatedAt,
			status: t.end === null ? "open" : "closed",
			contact: this.#contact(t),
			ticketTrakings: [{ id: t.id, createdAt: t.start, startedAt: t.start, finishedAt: t.end, user }],
		};
	}
}

function uuidOf(ticket: Ticket): string {
	return `00000000-0000-4000-8000-${String(ticket.id).padStart(12, "0")}`;
}
