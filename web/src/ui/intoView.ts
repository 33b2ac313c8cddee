/* What an action has brought up comes into view, where it would be missed otherwise. */
import { useEffect, useRef, type RefObject } from "react";

/**
 * To be put on what is to be seen: it is scrolled to whenever `what` becomes another thing. Where what
 * had the focus went away with that, it takes it (`tabIndex={-1}`).
 */
export function useIntoView(what: unknown, takesFocus = false): RefObject<HTMLDivElement | null> {
	const box = useRef<HTMLDivElement>(null);

	useEffect(() => {
		if (what === undefined || what === null) return;
		if (takesFocus) box.current?.focus({ preventScroll: true });
		box.current?.scrollIntoView({ block: takesFocus ? "start" : "nearest" });
	}, [what, takesFocus]);
	return box;
}
