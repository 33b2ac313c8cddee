/*
 * Meta's SDK, loaded when somebody begins Embedded Signup and not before. What always holds: one
 * window at a time; every way it can end resolves exactly once.
 */
import { loginOptions, readSignupEvent, type SignupMode } from "../../lib/signup";

interface LoginResponse {
	authResponse: { code?: string } | null;
}
interface Sdk {
	/** There only while the SDK is still a stub that notes what it is asked. */
	__buffer?: unknown;
	init: (options: object) => void;
	login: (done: (response: LoginResponse) => void, options: object) => void;
}
declare global {
	interface Window {
		FB?: Sdk;
	}
}

/** How a window of Meta's ended. */
export type SignupEnd =
	| { kind: "code"; code: string; wabaId: string; phoneNumberId: string | null }
	| { kind: "cancelled" }
	| { kind: "failed"; message: string }
	/** Meta gave a code and did not say for which account. */
	| { kind: "incomplete" };

const URL_OF_SDK = "https://connect.facebook.net/en_US/sdk.js";
/* The account comes by a message that may be later than the code. */
const ACCOUNT_MS = 5000;

const LOAD_MS = 15_000;
const LOOK_MS = 50;

let loading: Promise<void> | null = null;

/** It comes in two files; what the first one puts there only notes what it is asked. */
const isReady = () => window.FB !== undefined && window.FB.__buffer === undefined;

function load(): Promise<void> {
	loading ??= new Promise<void>((resolve, reject) => {
		const script = document.createElement("script");
		const began = Date.now();
		const look = () => {
			if (isReady()) resolve();
			else if (Date.now() - began > LOAD_MS) reject(new Error("the SDK is not there"));
			else window.setTimeout(look, LOOK_MS);
		};
		script.src = URL_OF_SDK;
		script.async = true;
		script.onload = look;
		script.onerror = () => reject(new Error("the SDK does not load"));
		document.head.append(script);
	}).catch((error: unknown) => {
		loading = null; // it may be there another time
		throw error;
	});
	return loading;
}

export interface SignupSettings {
	appId: string;
	configId: string;
	graphVersion: string;
}

let leave: (() => void) | null = null;

/** Opens Meta's window; one that is open from before counts as left. Rejects if its SDK does not load. */
export async function signUp(settings: SignupSettings, mode: SignupMode): Promise<SignupEnd> {
	leave?.();
	await load();
	const sdk = window.FB;
	if (sdk === undefined) throw new Error("the SDK is not there");
	sdk.init({ appId: settings.appId, version: settings.graphVersion, xfbml: false, cookie: false });
	return new Promise<SignupEnd>((resolve) => {
		let code: string | null = null;
		let account: { wabaId: string; phoneNumberId: string | null } | null = null;
		let timer: number | undefined;
		const end = (how: SignupEnd) => {
			window.removeEventListener("message", hear);
			window.clearTimeout(timer);
			leave = null;
			resolve(how);
		};
		leave = () => end({ kind: "cancelled" });
		const both = () => {
			if (code !== null && account !== null) end({ kind: "code", code, ...account });
		};
		function hear(event: MessageEvent) {
			const said = readSignupEvent(event.origin, event.data);
			if (said === null) return;
			if (said.kind === "cancelled") end({ kind: "cancelled" });
			else if (said.kind === "failed")
				end({
					kind: "failed",
					message: said.id === null ? said.message : `${said.message} (${said.id})`,
				});
			else {
				account = { wabaId: said.wabaId, phoneNumberId: said.phoneNumberId };
				both();
			}
		}
		window.addEventListener("message", hear);
		sdk.login(
			(response) => {
				code = response.authResponse?.code ?? null;
				if (code === null) end({ kind: "cancelled" });
				else if (account === null)
					timer = window.setTimeout(() => end({ kind: "incomplete" }), ACCOUNT_MS);
				else both();
			},
			loginOptions(settings.configId, mode),
		);
	});
}
