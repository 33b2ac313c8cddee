/*
 * Sending a text. What always holds: what was written is sent once, however often one presses the
 * button: the key stays the same until the server has it or the text is another.
 */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import { useSession } from "../../shell/session";

export interface Outgoing {
	text: string;
	replyTo: string | null;
	/** Although Meta's window is closed. */
	force: boolean;
}

/** Meta's limit for a text. */
export const MOST_CHARACTERS = 4096;

export function useSend(conversation: string) {
	const { slug } = useSession();
	const cache = useQueryClient();
	const attempt = useRef({ what: "", key: "" });
	return useMutation({
		mutationFn: ({ text, replyTo, force }: Outgoing) => {
			const what = JSON.stringify([conversation, text, replyTo]);
			if (attempt.current.what !== what) attempt.current = { what, key: crypto.randomUUID() };
			return api.post("/api/conversations/{id}/messages", {
				path: { id: conversation },
				body: { type: "text", text: { body: text }, replyTo, force },
				headers: { "Idempotency-Key": attempt.current.key },
			});
		},
		onSuccess: () => {
			attempt.current = { what: "", key: "" };
			void cache.invalidateQueries({ queryKey: keys.conversation(slug, conversation) });
		},
	});
}

export type Send = ReturnType<typeof useSend>;
