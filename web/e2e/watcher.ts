/*
 * Notes what goes wrong in a browser without anything on the page showing it. What always holds:
 * every page of the context is watched from its first request on, pop-ups too.
 */
import type { BrowserContext } from "playwright-core";

/* What is not fetched from anywhere. */
const LOCAL = /^(?:data|blob|about):/;

export class Watcher {
	readonly problems: string[] = [];
	readonly #expected: RegExp[] = [];
	readonly #allowed: RegExp[] = [];

	constructor(context: BrowserContext, url: string) {
		const host = new URL(url).host;
		const abroad = (address: string) => !LOCAL.test(address) && new URL(address).host !== host;
		const note = (problem: string) => this.problems.push(problem);

		context.on("console", (message) => {
			const type = message.type();
			if (type !== "error" && type !== "warning") return;
			note(`console ${type}: ${message.text()} (${message.location().url})`);
		});
		context.on("weberror", (error) => {
			const what = error.error();
			note(`uncaught exception: ${what.stack ?? what.message}`);
		});
		context.on("request", (request) => {
			if (abroad(request.url())) note(`request to another host: ${request.method()} ${request.url()}`);
		});
		context.on("response", (response) => {
			if (response.status() >= 500) note(`answer ${response.status()}: ${response.url()}`);
		});
		context.on("page", (page) => {
			page.on("websocket", (socket) => {
				if (abroad(socket.url())) note(`socket to another host: ${socket.url()}`);
			});
			page.on("crash", () => note(`the page crashed: ${page.url()}`));
		});
	}

	expect(like: RegExp): void {
		this.#expected.push(like);
	}

	/** May go wrong, or not: it depends on the moment. */
	allow(like: RegExp): void {
		this.#allowed.push(like);
	}

	/** A line for each problem that nobody expected, and for each that was expected and did not come. */
	get wrong(): string[] {
		const known = [...this.#expected, ...this.#allowed];
		const unexpected = this.problems.filter((p) => !known.some((like) => like.test(p)));
		const missing = this.#expected.filter((like) => !this.problems.some((p) => like.test(p)));
		return [
			...unexpected.map((p) => `went wrong unseen: ${p}`),
			...missing.map((like) => `expected to go wrong, and did not: ${String(like)}`),
		];
	}
}
