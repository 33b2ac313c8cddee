/*
 * Sending a text. What always holds: a text goes to the conversation that it was written in, also
 * when the network comes back after one has moved on; what was written is sent once, however often
 * one presses the button: its key stays until the server has it or the text is another.
 */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import { settleDraft } from "../../lib/drafts";
import { useSession } from "../../shell/session";

export interface Outgoing {
	conversation: string;
	text: string;
	replyTo: string | null;
	/** Although Meta's window is closed. */
	force: boolean;
	key: string;
}

export function useSend() {
	const { slug } = useSession();
	const cache = useQueryClient();
	return useMutation({
		/* A browser that thinks it is offline says so at once, instead of sending some time. */
		networkMode: "always",
		mutationFn: (m: Outgoing) =>
			api.post("/api/conversations/{id}/messages", {
				path: { id: m.conversation },
				body: { type: "text", text: { body: m.text }, replyTo: m.replyTo, force: m.force },
				headers: { "Idempotency-Key": m.key },
			}),
		onSuccess: (_, m) => {
			settleDraft(m.conversation, m.key);
			void cache.invalidateQueries({ queryKey: keys.conversation(slug, m.conversation) });
		},
	});
}
