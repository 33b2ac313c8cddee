/*
 * The keyboard of the whole page: one listener decides (lib/keyboard), pages say what the commands
 * mean to them. The page that was shown last answers first.
 */
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { Keyboard, type Command } from "../lib/keyboard";

const HelpDialog = lazy(() => import("./HelpDialog"));

export type PageCommand = Exclude<Command["do"], "go" | "help">;
/** True: the command was carried out. */
type Handler = (command: PageCommand) => boolean;

const handlers: { current: Handler }[] = [];

export function useShortcuts(handler: Handler): void {
	const latest = useRef(handler);

	useEffect(() => {
		latest.current = handler;
	});
	useEffect(() => {
		handlers.push(latest);
		return () => void handlers.splice(handlers.indexOf(latest), 1);
	}, []);
}

function isTyping(target: EventTarget | null): boolean {
	if (!(target instanceof HTMLElement)) return false;
	return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

export function Shortcuts({
	slug,
	help,
	setHelp,
}: {
	slug: string;
	help: boolean;
	setHelp: (to: boolean) => void;
}) {
	const [, navigate] = useLocation();
	const [keyboard] = useState(() => new Keyboard());

	useEffect(() => {
		const press = (e: KeyboardEvent) => {
			if (e.defaultPrevented || document.querySelector('[role="dialog"],[role="menu"]') !== null)
				return;
			const command = keyboard.press({
				key: e.key,
				typing: isTyping(e.target),
				modified: e.ctrlKey || e.altKey || e.metaKey,
				at: e.timeStamp,
			});
			if (command === null) return;
			if (command.do === "go") {
				navigate(`/${slug}/${command.page}`);
				e.preventDefault();
				return;
			}
			if (command.do === "help") {
				setHelp(true);
			} else {
				if (command.do === "close" && isTyping(e.target)) (e.target as HTMLElement).blur();
				const what = command.do;
				const done = [...handlers].reverse().some((h) => h.current(what));
				if (!done && what === "search")
					document.querySelector<HTMLElement>('input[type="search"]')?.focus();
			}
			if (command.do !== "close") e.preventDefault();
		};
		window.addEventListener("keydown", press);
		return () => window.removeEventListener("keydown", press);
	}, [keyboard, navigate, slug, setHelp]);

	return help ? (
		<Suspense fallback={null}>
			<HelpDialog onClose={() => setHelp(false)} />
		</Suspense>
	) : null;
}
