// Generated from docs/openapi.json by `npm run openapi`. Do not edit.

export interface paths {
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the public keys of access tokens
         * @description A JSON Web Key Set (RFC 7517).
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getJwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check that the gateway runs
         * @description Needs no access token. Not rate limited. Safe to repeat when the answer was lost.
         */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oembed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get how to embed a video, by oEmbed
         * @description For editors that turn a pasted address into a player. Only public and unlisted videos have one.
         *
         *     Needs no access token. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getOembed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a playlist or segment
         * @description The files that the master playlist leads to. Segments can be fetched in one byte range.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getPlayedFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/captions/{lang}.vtt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get captions for a player
         * @description For players that do not read captions from HLS.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getPlayedCaptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/chapters.vtt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get chapters for a player
         * @description Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getPlayedChapters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/download/{height}.mp4": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a rendition
         * @description Video and audio as one MP4 file, with the audio track that `audio` names, for links that allow downloads. The first request answers 202 while the file is prepared.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["downloadRendition"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/download/audio.m4a": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download an audio track
         * @description The audio alone as one M4A file, for links that allow downloads. The first request answers 202 while the file is prepared.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["downloadAudio"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/frame.{format}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a frame as a picture
         * @description The very frame that is shown at `time`, from the largest rendition. The first request has a worker make it and waits up to five seconds; after that it answers 503 `STILL_NOT_READY`, and a later request gets the picture.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getFrame"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/master.m3u8": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the HLS master playlist
         * @description By a playback token, or by the id of a public or unlisted video.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getMasterPlaylist"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/poster.{format}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the poster of a video
         * @description In its own size, or scaled down to `width`.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getPoster"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/preview.{format}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an animated preview
         * @description A few seconds that lead through the whole video.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getPreview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the uploaded file
         * @description Until the video can be played in any other way. For the owner, by the address in `playback.sourceUrl`; for others, where the video has `instantPlayback`, with its metadata blanked.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getPlayedSource"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/storyboard.vtt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the storyboard of a video
         * @description Preview images for the time line of a player: WebVTT that names rectangles of sprite images.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getStoryboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/thumbnail.{format}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a thumbnail
         * @description The frame of the storyboard at `time`, or the nearest one before it.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getThumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/play/{reference}/waveform.png": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the waveform of a video of the kind audio
         * @description A picture of 1280×720 pixels, made together with the poster.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getWaveform"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check that the gateway is ready
         * @description With `verbose`, for administrators: the result of each check, and how the address of the client was determined.
         *
         *     Needs no access token. Not rate limited. Safe to repeat when the answer was lost.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/u/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get what an upload link takes
         * @description For the page of the visitor, before it asks for a file.
         *
         *     Needs no access token. Rate limit `upload-link`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getUploadLinkOffer"];
        /**
         * Upload a file by an upload link
         * @description The body is the file itself, in one request. A file that does not arrive takes no use of the link. With `Upload-Complete` it can be continued, as in the IETF protocol.
         *
         *     Needs no access token. Rate limit `upload-link`, counted by caller.
         */
        put: operations["putUploadLinkFile"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/u/{token}/tus": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a resumable upload by an upload link
         * @description As in tus 1.0.0, or with `Upload-Complete` as in the IETF protocol; takes a use of the link until the upload is cancelled or expires. `filename` and `filetype` of `Upload-Metadata` are read.
         *
         *     Needs no access token. Rate limit `upload-link`, counted by caller.
         */
        post: operations["createUploadLinkUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/u/{token}/tus/{uploadId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Cancel an upload by an upload link
         * @description Deletes what has arrived, and gives the use of the link back.
         *
         *     Needs no access token. Rate limit `upload-link`, counted by caller.
         */
        delete: operations["abandonUploadLinkUpload"];
        options?: never;
        /**
         * Get the offset of an upload by an upload link
         * @description Needs no access token. Rate limit `upload-link`, counted by caller. Safe to repeat when the answer was lost.
         */
        head: operations["getUploadLinkUploadOffset"];
        /**
         * Send bytes of an upload by an upload link
         * @description Needs no access token. Rate limit `upload-link`, counted by caller.
         */
        patch: operations["continueUploadLinkUpload"];
        trace?: never;
    };
    "/u/{token}/videos/{videoId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the state of a video that came by an upload link
         * @description Also after the last use, and for a day after the link has expired.
         *
         *     Needs no access token. Rate limit `upload-link`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getUploadLinkVideo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v-check/{videoId}/{address}/{rendition}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether a cache may deliver what it has
         * @description For caches that ask before each answer, such as the nginx that comes with Kinora: whether the address is valid now, and reaches the rendition.
         *
         *     Needs no access token. Not rate limited. Safe to repeat when the answer was lost.
         */
        get: operations["checkDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v/{videoId}/{address}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a segment, a picture of the storyboard, or captions
         * @description At the address that a playlist or storyboard names: it is the same for all viewers of a video who may see the same renditions, so any cache can keep the file until the address expires.
         *
         *     Needs no access token. Not rate limited. Safe to repeat when the answer was lost.
         */
        get: operations["getDeliveredFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search the audit log
         * @description Entries of all accounts, newest first; for administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["searchAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/invites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List invitations
         * @description Those that are neither used nor expired, newest first. For administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listInvites"];
        put?: never;
        /**
         * Invite an email address to register
         * @description Replaces an earlier invitation of this address. With `mail`, the link is sent to the address, and whoever registers with it need not confirm the address; otherwise only this answer contains the token and the link. For administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createInvite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/invites/{inviteId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Withdraw an invitation
         * @description Its link can no longer be used. For administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller.
         */
        delete: operations["deleteInvite"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/parked": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List dead letters
         * @description Messages that failed at every attempt, newest first; for administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listParked"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/parked/{parkedId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a dead letter
         * @description A message that failed at every attempt, with its content; for administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getParked"];
        put?: never;
        post?: never;
        /**
         * Discard a dead letter
         * @description Deletes the message permanently; for administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller.
         */
        delete: operations["discardParked"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/parked/{parkedId}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Redrive a dead letter
         * @description Sends the message again, with all its attempts; for administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller.
         */
        post: operations["redriveParked"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/projects/{projectId}/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Update the limits of a project
         * @description Sets limits that differ from those of the installation; null returns to those of the installation. For administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        patch: operations["updateProjectLimits"];
        trace?: never;
    };
    "/v1/admin/projects/{projectId}/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get usage and limits of a project
         * @description What the project stores and runs, and how much it may; for administrators and the role support.
         *
         *     Needs an access token of an administrator or of the role support or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getProjectUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/service-accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List service accounts
         * @description All of them, newest first; for administrators.
         *
         *     Needs an access token of an administrator. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listServiceAccounts"];
        put?: never;
        /**
         * Create a service account
         * @description An account for programs, without a password; for administrators.
         *
         *     Needs an access token of an administrator. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createServiceAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/service-accounts/{userId}/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the API keys of a service account
         * @description Those that are not revoked, newest first; for administrators.
         *
         *     Needs an access token of an administrator. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listServiceAccountKeys"];
        put?: never;
        /**
         * Create an API key for a service account
         * @description Only this answer contains the key itself. Needs the password more than 15 minutes after the sign-in. For administrators.
         *
         *     Needs an access token of an administrator. API keys are refused. Rate limit `mfa`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createServiceAccountKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/service-accounts/{userId}/api-keys/{keyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an API key of a service account
         * @description The key is refused from the next request on; for administrators.
         *
         *     Needs an access token of an administrator. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["revokeServiceAccountKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tasks of all videos
         * @description Newest video first. Without `status`: tasks that are running or have failed.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listTasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List accounts
         * @description All accounts, newest first; for administrators.
         *
         *     Needs an access token of an administrator or of the role support or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/users/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an account
         * @description For administrators.
         *
         *     Needs an access token of an administrator or of the role support or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getUser"];
        put?: never;
        post?: never;
        /**
         * Delete an account
         * @description Deletes the account and its personal project with everything in it, permanently; other projects keep their videos. Refused for the last owner of a project. For administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller.
         */
        delete: operations["eraseUser"];
        options?: never;
        head?: never;
        /**
         * Update an account
         * @description Disables or enables the account, or changes its role; for administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        patch: operations["updateUser"];
        trace?: never;
    };
    "/v1/admin/users/{userId}/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Update the limits of an account
         * @description Sets limits of the personal project of the account that differ from those of the installation; null returns to those of the installation. For administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        patch: operations["updateUserLimits"];
        trace?: never;
    };
    "/v1/admin/users/{userId}/second-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Reset the second factor of an account
         * @description Removes its authenticator app, recovery codes and passkeys and ends its sessions; for administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller.
         */
        delete: operations["resetSecondFactor"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/users/{userId}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the sessions of an account
         * @description Newest first; for administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listUserSessions"];
        put?: never;
        post?: never;
        /**
         * End all sessions of an account
         * @description Revokes its API keys too if asked to. For administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["revokeUserSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/users/{userId}/sessions/{sessionId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session of an account
         * @description For administrators.
         *
         *     Needs an access token of an administrator or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["revokeUserSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/users/{userId}/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get usage and limits of an account
         * @description What the personal project of the account stores and runs, and how much it may; for administrators and the role support.
         *
         *     Needs an access token of an administrator or of the role support or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getUserUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/videos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find videos of all accounts and projects
         * @description Newest first. A text is looked for within a project or an account. Without the addresses of the videos: they cannot be watched this way.
         *
         *     Needs an access token of an administrator or of the role support or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["findVideos"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/videos/{videoId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get any video, and the attempts at its tasks
         * @description Its state, causes and timeline, without its addresses.
         *
         *     Needs an access token of an administrator or of the role support or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["inspectVideo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/videos/{videoId}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry the failed tasks of any video
         * @description On behalf of those who may edit it.
         *
         *     Needs an access token of an administrator or of the role support or an API key with the scope `admin`. Rate limit `general`, counted by caller.
         */
        post: operations["retryAnyVideo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/videos/{videoId}/webhook-deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the webhook deliveries about any video
         * @description Of all webhooks of its project, newest first, without the messages.
         *
         *     Needs an access token of an administrator or of the role support or an API key with the scope `admin`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listVideoDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys
         * @description Keys that are not revoked, newest first: those that the caller created, in every project, or with `projectId` all keys of that project, for its admins.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listApiKeys"];
        put?: never;
        /**
         * Create an API key
         * @description Only this answer contains the key itself. Needs the password more than 15 minutes after the sign-in.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{keyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description The key is refused from the next request on. For the account that created it and for admins of its project.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["revokeApiKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the caller's audit log
         * @description What happened to the account, newest first.
         *
         *     Needs an access token or an API key with the scope `account:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/email/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request another verification email
         * @description The answer is the same for every address.
         *
         *     Needs no access token. Rate limit `mail`, counted by caller and by `email`.
         */
        post: operations["resendVerification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/email/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify an email address
         * @description With the token from a verification link.
         *
         *     Needs no access token. Rate limit `mail-token`, counted by caller.
         */
        post: operations["verifyEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description With email and password. If the account has a second factor, the answer has an `mfaToken` instead of tokens: finish with `POST /v1/auth/mfa`.
         *
         *     Needs no access token. Rate limit `login`, counted by caller and by `email`.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description Ends the session of the access token or refresh token and refuses its access tokens.
         *
         *     Takes an access token, but works without. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/logout-all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out everywhere
         * @description Ends all sessions of the caller's account, and revokes its API keys if asked to.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        post: operations["logoutAll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the caller's account
         * @description Needs an access token or an API key with the scope `account:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getMe"];
        put?: never;
        post?: never;
        /**
         * Delete the caller's account
         * @description Deletes the account and its personal project with everything in it, permanently; other projects keep their videos. Refused for the last owner of a project. Needs the password and, if the account has a second factor, a code.
         *
         *     Needs an access token. API keys are refused. Rate limit `password`, counted by caller.
         */
        delete: operations["eraseMe"];
        options?: never;
        head?: never;
        /**
         * Update the caller's account
         * @description Changes the display name.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        patch: operations["updateMe"];
        trace?: never;
    };
    "/v1/auth/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export the caller's data
         * @description Everything that is stored about the caller's account, as one JSON file.
         *
         *     Needs an access token. API keys are refused. Rate limit `export`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["exportMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/mfa": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finish a sign-in with the second factor
         * @description With exactly one of a code of the authenticator app, a recovery code and a passkey.
         *
         *     Needs no access token. Rate limit `mfa`, counted by caller and by `mfaToken`.
         */
        post: operations["finishLogin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/mfa/passkey/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin the second factor with a passkey
         * @description Answers what `navigator.credentials.get` needs; finish with `POST /v1/auth/mfa`.
         *
         *     Needs no access token. Rate limit `mfa`, counted by caller and by `mfaToken`. Safe to repeat when the answer was lost.
         */
        post: operations["beginMfaPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List passkeys
         * @description The caller's passkeys, newest first.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listPasskeys"];
        put?: never;
        /**
         * Add a passkey
         * @description With what the browser answered to `navigator.credentials.create`.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["addPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkeys/{passkeyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a passkey
         * @description Needs the password of the account.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller.
         */
        delete: operations["deletePasskey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkeys/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with a passkey
         * @description A passkey counts as both factors.
         *
         *     Needs no access token. Rate limit `mfa`, counted by caller.
         */
        post: operations["loginWithPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkeys/login/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to sign in with a passkey
         * @description Answers what `navigator.credentials.get` needs.
         *
         *     Needs no access token. Rate limit `mfa`, counted by caller.
         */
        post: operations["beginPasskeyLogin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkeys/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to add a passkey
         * @description Answers what `navigator.credentials.create` needs. Needs the password more than 15 minutes after the sign-in.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller.
         */
        post: operations["beginPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description Ends all other sessions of the account.
         *
         *     Needs an access token. API keys are refused. Rate limit `password`, counted by caller.
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request a password reset
         * @description Sends an email with a reset link. The answer does not reveal whether the address has an account.
         *
         *     Needs no access token. Rate limit `mail`, counted by caller and by `email`.
         */
        post: operations["forgotPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset the password
         * @description Sets a new password with the token from a reset link and ends all sessions. It does not sign in.
         *
         *     Needs no access token. Rate limit `mail-token`, counted by caller.
         */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refresh the access token
         * @description Exchanges the refresh token for a new pair. A refresh token works once: using it a second time ends the session.
         *
         *     Needs no access token. Rate limit `refresh`, counted by caller and by `refreshToken`. Safe to repeat when the answer was lost.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create an account
         * @description Signs in as well. Where email addresses must be verified, the answer is 202 for new and for taken addresses.
         *
         *     Needs no access token. Rate limit `register`, counted by caller and by `email`.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List sessions
         * @description The caller's sessions, newest first.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sessions/{sessionId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session
         * @description Ends one of the caller's sessions and refuses its access tokens.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["revokeSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Turn off the authenticator app
         * @description Signing in then needs only the password.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller.
         */
        delete: operations["disableTotp"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/totp/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turn on the authenticator app
         * @description With its first code. From then on signing in needs a code; the answer has the recovery codes.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller.
         */
        post: operations["enableTotp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/totp/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace the recovery codes
         * @description The previous ones stop working.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller.
         */
        post: operations["renewRecoveryCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/totp/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to set up an authenticator app
         * @description Needs the password more than 15 minutes after the sign-in. Nothing changes until `POST /v1/auth/totp/enable`.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller.
         */
        post: operations["setUpTotp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playback-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List playback keys
         * @description The keys of a project that are not retired, newest first.
         *
         *     Needs an access token or an API key with the scope `playback-keys:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listPlaybackKeys"];
        put?: never;
        /**
         * Register a playback key
         * @description With it a server of yours signs tokens that play the videos of the project, without a call per viewer. Without `publicKey` a pair for ES256 is made, and the answer has the private key, this once. A project has at most 20.
         *
         *     Needs an access token or an API key with the scope `playback-keys:write`. Rate limit `general`, counted by caller.
         */
        post: operations["createPlaybackKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playback-keys/{playbackKeyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Retire a playback key
         * @description All tokens that it has signed are refused within a second. A retired key does not come back.
         *
         *     Needs an access token or an API key with the scope `playback-keys:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["retirePlaybackKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/project-invitations/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept an invitation to a project
         * @description The caller must be signed in with the account of the invited address.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller.
         */
        post: operations["acceptProjectInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List projects
         * @description Those of which the caller is a member, newest first, with the personal project.
         *
         *     Needs an access token or an API key with the scope `account:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listProjects"];
        put?: never;
        /**
         * Create a project
         * @description The caller becomes its owner.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{projectId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a project
         * @description Needs an access token or an API key with the scope `account:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getProject"];
        put?: never;
        post?: never;
        /**
         * Delete a project
         * @description Deletes its videos, webhooks and API keys, permanently. For its owners. Needs the password and, if the account has a second factor, a code. A personal project goes with its account only.
         *
         *     Needs an access token. API keys are refused. Rate limit `password`, counted by caller.
         */
        delete: operations["deleteProject"];
        options?: never;
        head?: never;
        /**
         * Update a project
         * @description Changes the name, or the sites that may play its videos, which holds within seconds. Fields that are left out stay as they are. For its admins.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        patch: operations["updateProject"];
        trace?: never;
    };
    "/v1/projects/{projectId}/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the invitations to a project
         * @description Those that are neither used nor expired, newest first. For admins of the project.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listProjectInvitations"];
        put?: never;
        /**
         * Invite an email address to a project
         * @description Sends a link to the address, whether it has an account or not. It works once, within 7 days, for the account of that address, and replaces an earlier invitation. For admins, up to their own role. Needs the password more than 15 minutes after the sign-in.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller and by `email`. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createProjectInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{projectId}/invitations/{invitationId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Withdraw an invitation to a project
         * @description Its link can no longer be used. For admins of the project.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller.
         */
        delete: operations["deleteProjectInvitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{projectId}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the members of a project
         * @description Newest first. Email addresses are shown to those who manage members.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{projectId}/members/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a member, or leave a project
         * @description Everybody may leave; admins may remove members up to their own role. The videos stay with the project, the API keys of the member are revoked. The last owner cannot leave.
         *
         *     Needs an access token. API keys are refused. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        /**
         * Change the role of a member
         * @description For admins of the project, up to their own role. The last owner stays one. Needs the password more than 15 minutes after the sign-in.
         *
         *     Needs an access token. API keys are refused. Rate limit `mfa`, counted by caller. Safe to repeat when the answer was lost.
         */
        patch: operations["updateMember"];
        trace?: never;
    };
    "/v1/projects/{projectId}/owner": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hand over a project
         * @description Makes a member an owner and the caller an admin, at once. For owners. Needs the password and, if the account has a second factor, a code.
         *
         *     Needs an access token. API keys are refused. Rate limit `password`, counted by caller.
         */
        post: operations["handOverProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/upload-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List upload links
         * @description Those of a project, newest first, also expired ones for 30 days.
         *
         *     Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listUploadLinks"];
        put?: never;
        /**
         * Create an upload link
         * @description Whoever has the link can upload to the project without an account, until it is used up, expires or is revoked. Its address is shown once.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createUploadLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/upload-links/{linkId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an upload link
         * @description Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getUploadLink"];
        put?: never;
        post?: never;
        /**
         * Revoke an upload link
         * @description The link is refused at once, and uploads under way are cut off. Videos that have come stay.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["revokeUploadLink"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a resumable upload
         * @description As in tus 1.0.0, or with `Upload-Complete` and the first bytes, or all, as in draft-ietf-httpbis-resumable-upload-12. `Location` is the address that takes the bytes, `X-Video-Id` the video. Without `videoId` in `Upload-Metadata` a private video is created.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `upload`, counted by caller.
         */
        post: operations["createUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads/{uploadId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Cancel an upload
         * @description Deletes what has arrived, and the video if it was created for this upload.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `upload`, counted by caller.
         */
        delete: operations["abandonUpload"];
        options?: never;
        /**
         * Get the offset of an upload
         * @description `Upload-Offset` is the number of bytes that are stored. A request that is still sending bytes to this upload is ended.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `upload`, counted by caller. Safe to repeat when the answer was lost.
         */
        head: operations["getUploadOffset"];
        /**
         * Send bytes of an upload
         * @description The bytes that follow `Upload-Offset`. With the last byte (in the IETF protocol with `Upload-Complete: ?1`) the file becomes the source of its video, and processing begins.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `upload`, counted by caller.
         */
        patch: operations["continueUpload"];
        trace?: never;
    };
    "/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get usage and limits
         * @description What a project stores and runs, and how much it may.
         *
         *     Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List videos
         * @description The videos of a project, newest first unless `sort` says otherwise.
         *
         *     Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listVideos"];
        put?: never;
        /**
         * Create a video
         * @description The video waits for its source: upload it with `PUT /v1/videos/{videoId}/source`, or with a resumable upload that names this video.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createVideo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a video
         * @description Public and unlisted videos need no access token; a private video is found by members of its project only.
         *
         *     Takes an access token or an API key with the scope `videos:read`, but works without. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getVideo"];
        put?: never;
        post?: never;
        /**
         * Delete a video
         * @description Deletes its files and playback links as well. This cannot be undone.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["deleteVideo"];
        options?: never;
        head?: never;
        /**
         * Update a video
         * @description Changes title, description, tags, external id, metadata, visibility, instant playback, allowed domains or an expiry. Fields that are left out stay as they are.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        patch: operations["updateVideo"];
        trace?: never;
    };
    "/v1/videos/{videoId}/audio/{trackId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Add an audio track
         * @description The body is a file with audio, whose beginning is played with that of the video; silence follows where it is shorter. It replaces the track that was added with this id before. The track is processed while the video stays as it is, and offered when it is ready.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `upload`, counted by caller.
         */
        put: operations["putAudioTrack"];
        post?: never;
        /**
         * Delete an audio track that was added
         * @description Its files are removed when players that know of it have ended. Tracks of the source can be hidden instead.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["deleteAudioTrack"];
        options?: never;
        head?: never;
        /**
         * Update an audio track
         * @description Changes name, language, role or place of an audio track of a video that is ready. Fields that are left out stay as they are. Players that have read the master playlist before see the change when they read it again.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        patch: operations["updateAudioTrack"];
        trace?: never;
    };
    "/v1/videos/{videoId}/captions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the captions of a video
         * @description Takes an access token or an API key with the scope `videos:read`, but works without. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listCaptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/captions/{lang}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Add or replace captions
         * @description Captions of one language, as WebVTT or SRT, up to 1 MiB. Text in UTF-16 or a Windows code page is converted to UTF-8, with a warning.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `captions`, counted by caller.
         */
        put: operations["putCaptions"];
        post?: never;
        /**
         * Delete captions
         * @description Deletes the captions of one language.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["deleteCaptions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/chapters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the chapters of a video
         * @description The list is empty if the video has no chapters.
         *
         *     Takes an access token or an API key with the scope `videos:read`, but works without. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getChapters"];
        /**
         * Set the chapters of a video
         * @description Replaces all chapters that the video has.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        put: operations["putChapters"];
        post?: never;
        /**
         * Delete the chapters of a video
         * @description Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["deleteChapters"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/clips": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a clip
         * @description Creates a new private video from a part of one that is ready, in the same project. The clip does not depend on the original afterwards.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createClip"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a video
         * @description Server-sent events: the current state first, then `status` and `progress` events.
         *
         *     Takes an access token or an API key with the scope `videos:read`, but works without. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/events-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create an events token
         * @description Its `url` opens the stream of events of this video in an `EventSource`, which sends no header, for five minutes. It is good for nothing else.
         *
         *     Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller.
         */
        post: operations["createEventsToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/events/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a video by an events token
         * @description The stream ends when the account of the token may not see the video any more, its session or API key ends, and after an hour at most.
         *
         *     Needs no access token. Rate limit `playback`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["streamEventsByToken"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/passport": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the passport of a video
         * @description What a ready video was made from and with which programs, the hashes of its files, and the result of its check.
         *
         *     Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getPassport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/playback-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a playback link
         * @description The link plays this video until it expires or is revoked, without an account.
         *
         *     Needs an access token or an API key with the scope `playback:write`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createPlaybackToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/playback-tokens/{tokenId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a playback link
         * @description The link is refused from the next request on.
         *
         *     Needs an access token or an API key with the scope `playback:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["revokePlaybackToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/poster": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Choose the poster of a video
         * @description Makes a poster from the frame at `time`. The present poster stays until the new one is stored.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        post: operations["choosePoster"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry a failed video
         * @description Repeats the tasks that failed; with `rendition`, only those of that rendition.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["retryVideo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/revoke-delivery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke the delivery of a video
         * @description All addresses of its segments, pictures and captions that players have are refused within a second, also by caches that ask; others are to be purged by the tag. Links stay valid: players that open the video again get new addresses. Happens by itself when a video becomes private or is deleted.
         *
         *     Needs an access token or an API key with the scope `playback:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        post: operations["revokeDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download the uploaded file of a video
         * @description Byte for byte as it arrived, with all of its metadata. For those who may edit the video. That of a clip is the whole file that it was cut from.
         *
         *     Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["downloadSource"];
        /**
         * Upload the source of a video
         * @description The body is the file itself, in one request. Processing begins when all bytes are stored. With `Upload-Complete` it can be continued at `Location`, as in the IETF protocol. A video that is `ready` or `failed` gets the file in the place of its source: the old one plays on until the new one is ready; see `replacement` of the video.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `upload`, counted by caller.
         */
        put: operations["putSource"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/tasks/{taskId}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the log of a task
         * @description The end of what ffmpeg printed in one attempt, at most 64 KiB; for members of its project, administrators and the role support.
         *
         *     Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getTaskLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the timeline of a video
         * @description Every attempt at every task, oldest first, and the tasks that are still waiting.
         *
         *     Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{videoId}/watermark": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the watermark of a video
         * @description Needs an access token or an API key with the scope `videos:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["getWatermark"];
        /**
         * Set the watermark of a video
         * @description An image that is burnt in when the video is encoded, so it must be set before the source is uploaded. PNG, WebP or JPEG, up to 2 MiB.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller.
         */
        put: operations["putWatermark"];
        post?: never;
        /**
         * Delete the watermark of a video
         * @description Possible until the source of the video is uploaded.
         *
         *     Needs an access token or an API key with the scope `videos:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["deleteWatermark"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks
         * @description The webhooks of a project, oldest first.
         *
         *     Needs an access token or an API key with the scope `webhooks:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listWebhooks"];
        put?: never;
        /**
         * Create a webhook
         * @description Sends events of the videos of a project to an address. Only this answer contains the signing secret.
         *
         *     Needs an access token or an API key with the scope `webhooks:write`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhookId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a webhook
         * @description Deletes its deliveries as well.
         *
         *     Needs an access token or an API key with the scope `webhooks:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        /**
         * Update a webhook
         * @description Changes its address or event types, or disables or enables it. Fields that are left out stay as they are.
         *
         *     Needs an access token or an API key with the scope `webhooks:write`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        patch: operations["updateWebhook"];
        trace?: never;
    };
    "/v1/webhooks/{webhookId}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the deliveries of a webhook
         * @description Deliveries of the last 30 days and those that are still pending, newest first.
         *
         *     Needs an access token or an API key with the scope `webhooks:read`. Rate limit `general`, counted by caller. Safe to repeat when the answer was lost.
         */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhookId}/deliveries/{deliveryId}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Repeat a delivery
         * @description Sends the message again now, under the same delivery id.
         *
         *     Needs an access token or an API key with the scope `webhooks:write`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["redeliverWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhookId}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate the secret of a webhook
         * @description Messages are signed with the new secret from now on, and with the previous one as well for 24 hours.
         *
         *     Needs an access token or an API key with the scope `webhooks:write`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhookId}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test message
         * @description Sends a `ping` to the webhook.
         *
         *     Needs an access token or an API key with the scope `webhooks:write`. Rate limit `general`, counted by caller. Safe to repeat with the same `Idempotency-Key` when the answer was lost.
         */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    event: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Receive an event
         * @description What Kinora sends to the address of a webhook, signed as the Standard Webhooks specification says.
         */
        post: operations["receiveEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        AcceptProjectInvitation: {
            /**
             * @description Token from the link in the email, at most 256 characters. It works once.
             * @example example-mail-token
             */
            token: string;
        };
        AddPasskey: {
            /**
             * @description Token from the first step, at most 128 characters. It works once, within 300 seconds.
             * @example example-challenge-token
             */
            challengeToken: string;
            /**
             * @description Name that tells the passkey from others, 1 to 100 characters without control characters
             * @example Laptop
             */
            name?: string;
            /**
             * @description `RegistrationResponseJSON` of WebAuthn level 3: `credential.toJSON()` after `navigator.credentials.create`
             * @example {
             *       "id": "ZXhhbXBsZS1jcmVkZW50aWFs",
             *       "rawId": "ZXhhbXBsZS1jcmVkZW50aWFs",
             *       "type": "public-key",
             *       "response": {
             *         "clientDataJSON": "eyJ0eXBlIjoiZXhhbXBsZSJ9",
             *         "attestationObject": "ZXhhbXBsZS1hdHRlc3RhdGlvbg",
             *         "transports": [
             *           "internal",
             *           "hybrid"
             *         ]
             *       },
             *       "clientExtensionResults": {}
             *     }
             */
            response: {
                /**
                 * @description Results of WebAuthn extensions; ignored
                 * @example {}
                 */
                clientExtensionResults?: {
                    [key: string]: unknown;
                };
                /**
                 * @description Id that the authenticator gave the credential, base64url, at most 1400 characters
                 * @example ZXhhbXBsZS1jcmVkZW50aWFs
                 */
                id: string;
                /**
                 * @description Id that the authenticator gave the credential, base64url, at most 1400 characters
                 * @example ZXhhbXBsZS1jcmVkZW50aWFs
                 */
                rawId: string;
                /**
                 * @description What the authenticator answered
                 * @example {
                 *       "clientDataJSON": "eyJ0eXBlIjoiZXhhbXBsZSJ9",
                 *       "attestationObject": "ZXhhbXBsZS1hdHRlc3RhdGlvbg",
                 *       "transports": [
                 *         "internal",
                 *         "hybrid"
                 *       ]
                 *     }
                 */
                response: {
                    /**
                     * @description Attestation object with the public key, base64url, at most 32,768 characters
                     * @example ZXhhbXBsZS1hdHRlc3RhdGlvbg
                     */
                    attestationObject: string;
                    /**
                     * @description Client data in JSON as the browser signed it, base64url, at most 4096 characters
                     * @example eyJ0eXBlIjoiZXhhbXBsZSJ9
                     */
                    clientDataJSON: string;
                    /**
                     * @description Ways to reach the authenticator, at most 10 of 32 characters each
                     * @example [
                     *       "internal",
                     *       "hybrid"
                     *     ]
                     */
                    transports?: string[];
                };
                /**
                 * @description Type of the credential: always `public-key`
                 * @example public-key
                 * @enum {string}
                 */
                type: "public-key";
            };
        };
        /** @description An entry of the audit log as administrators see it */
        AdminAuditEntry: {
            /**
             * @description What was attempted, such as `login` or `api_key_create`
             * @example login
             */
            action: string;
            /**
             * @description Who acted; null in entries that are older than this field
             * @example {
             *       "kind": "user",
             *       "id": "0197a1e8-6a05-7d93-b1c8-e52f7a0d4b36"
             *     }
             */
            actor: {
                /**
                 * @description Id of the account or name of the service; null for `anonymous`
                 * @example 0197a1e8-6a05-7d93-b1c8-e52f7a0d4b36
                 */
                id: string | null;
                /**
                 * @description `anonymous`: not signed in. `user`: an account. `service`: a service or the command line.
                 * @example user
                 * @enum {string}
                 */
                kind: "anonymous" | "user" | "service";
            } | null;
            /**
             * Format: uuid
             * @description Id of the API key that was used, or that the action was about; null if there was none
             * @example null
             */
            apiKeyId: string | null;
            /**
             * Format: date-time
             * @description Time of the action, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            at: string;
            /**
             * @description Error code of a failure; null for a success
             * @example null
             */
            code: string | null;
            /**
             * Format: uuid
             * @description Id of the entry
             * @example 0197a1e6-93c4-7e1d-8b27-d40a5f6e2c19
             */
            id: string;
            /**
             * @description IP address of the client; null if there was none
             * @example 203.0.113.7
             */
            ip: string | null;
            /**
             * @description Whether the action succeeded
             * @example success
             * @enum {string}
             */
            outcome: "success" | "failure";
            /**
             * @description Id of the request, as in the X-Request-Id header of its answer and in logs
             * @example 0197a1e6-93b0-7c52-9a6e-1f8d3b7c4e05
             */
            requestId: string;
            /**
             * Format: uuid
             * @description Id of the session that was used or acted on; null if there was none
             * @example 0197a1e0-1f34-7b21-8c66-52d0e9b3a7f4
             */
            sessionId: string | null;
            /**
             * @description What was acted on if it is not an account, such as the id of a dead letter; otherwise null
             * @example null
             */
            subject: string | null;
            /**
             * @description User-Agent header of the client, at most 512 characters; null if there was no client
             * @example Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0
             */
            userAgent: string | null;
            /**
             * Format: uuid
             * @description Id of the account that was acted on; null if it is unknown
             * @example 0197a1de-5c52-7a3c-9d5b-0c1f6e7a8b90
             */
            userId: string | null;
        };
        /** @description A page of audit entries of all accounts */
        AdminAuditEntryPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["AdminAuditEntry"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        /** @description An account as administrators see it */
        AdminUser: {
            /**
             * Format: date-time
             * @description Time the account was created, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description Time the account was disabled, ISO 8601 UTC; null if it is enabled
             * @example null
             */
            disabledAt: string | null;
            /**
             * @description Name shown to people; null if none was set
             * @example Ann Example
             */
            displayName: string | null;
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
            /**
             * @description True once the owner has confirmed the email address
             * @example true
             */
            emailVerified: boolean;
            /**
             * Format: uuid
             * @description Id of the account
             * @example 0197a1de-5c52-7a3c-9d5b-0c1f6e7a8b90
             */
            id: string;
            /**
             * Format: date-time
             * @description Time of the last sign-in, ISO 8601 UTC; a refresh does not count. Null if there was no sign-in yet.
             * @example 2026-01-16T18:05:12.000Z
             */
            lastLoginAt: string | null;
            /**
             * @description True if signing in with the password also needs a second factor
             * @example false
             */
            mfaEnabled: boolean;
            /**
             * @description Role of the account. `support`: finds accounts, and the state of videos, usage and webhook deliveries of others, without seeing a video. `admin`: manages everything.
             * @example user
             * @enum {string}
             */
            role: "user" | "support" | "admin";
            /**
             * @description Number of sessions that have not ended
             * @example 2
             */
            sessions: number;
        };
        /** @description A page of accounts */
        AdminUserPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["AdminUser"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        /** @description An API key, without the key itself */
        ApiKey: {
            /**
             * Format: date-time
             * @description Time the key was created, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description Time the key expires, ISO 8601 UTC; null if it does not expire
             * @example 2027-01-15T00:00:00.000Z
             */
            expiresAt: string | null;
            /**
             * Format: uuid
             * @description Id of the API key
             * @example 0197a1e2-7d10-7f5e-b0a4-3e8c91d2f605
             */
            id: string;
            /**
             * Format: date-time
             * @description Time the key was last used, to the minute, ISO 8601 UTC; null if it was never used
             * @example 2026-01-16T18:05:00.000Z
             */
            lastUsedAt: string | null;
            /**
             * @description Name that was chosen when the key was created
             * @example Nightly import
             */
            name: string;
            /**
             * Format: uuid
             * @description Id of the account that created the key and that it acts for
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * @description First 8 characters of the key, to tell it from others
             * @example knr_EXAM
             */
            prefix: string;
            /**
             * Format: uuid
             * @description Id of the project that the key reaches; it reaches no other
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * @description Requests the key may make per minute; null if only the limits of the installation apply
             * @example 600
             */
            ratePerMinute: number | null;
            /**
             * @description What the key is allowed to do
             * @example [
             *       "videos:read",
             *       "videos:write"
             *     ]
             */
            scopes: ("videos:read" | "videos:write" | "playback:write" | "playback-keys:write" | "webhooks:read" | "webhooks:write" | "account:read" | "admin")[];
        };
        /** @description A page of API keys */
        ApiKeyPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["ApiKey"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        /** @description An entry of the audit log, as the owner of the account sees it */
        AuditEntry: {
            /**
             * @description What was attempted, such as `login` or `api_key_create`
             * @example login
             */
            action: string;
            /**
             * Format: uuid
             * @description Id of the API key that was used, or that the action was about; null if there was none
             * @example null
             */
            apiKeyId: string | null;
            /**
             * Format: date-time
             * @description Time of the action, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            at: string;
            /**
             * Format: uuid
             * @description Id of the entry
             * @example 0197a1e6-93c4-7e1d-8b27-d40a5f6e2c19
             */
            id: string;
            /**
             * @description IP address of the client; null if there was none
             * @example 203.0.113.7
             */
            ip: string | null;
            /**
             * @description Whether the action succeeded
             * @example success
             * @enum {string}
             */
            outcome: "success" | "failure";
            /**
             * @description Id of the request, as in the X-Request-Id header of its answer and in logs
             * @example 0197a1e6-93b0-7c52-9a6e-1f8d3b7c4e05
             */
            requestId: string;
            /**
             * @description User-Agent header of the client, at most 512 characters; null if there was no client
             * @example Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0
             */
            userAgent: string | null;
        };
        /** @description A page of audit entries */
        AuditEntryPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["AuditEntry"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        BeginMfaPasskey: {
            /**
             * @description The `mfaToken` from the first step of the sign-in, at most 128 characters, valid for 300 seconds
             * @example example-mfa-token
             */
            mfaToken: string;
        };
        BeginPasskey: {
            /**
             * @description Current password of the account, at most 256 characters. Required more than 15 minutes after the sign-in.
             * @example an example passphrase
             */
            password?: string;
        };
        Captions: {
            /**
             * @description Whether an engine made them from the audio; captions that somebody puts replace them.
             * @example false
             */
            automatic: boolean;
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * @description Number of cues.
             * @example 312
             */
            cues: number;
            /**
             * @description Whether they have only what viewers need although they understand the audio.
             * @example false
             */
            forced: boolean;
            /**
             * @description Whether they were taken from a subtitle track of the source.
             * @example false
             */
            fromSource: boolean;
            /**
             * @description What the menu of a player shows.
             * @example Português
             */
            label: string;
            /**
             * @description Language in the canonical form of BCP 47.
             * @example pt-BR
             */
            lang: string;
            /**
             * @description Whether they also describe sounds, for people who do not hear them.
             * @example false
             */
            sdh: boolean;
        };
        CaptionsPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Captions"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        ChangePassword: {
            /**
             * @description Current password of the account, at most 256 characters
             * @example an example passphrase
             */
            currentPassword: string;
            /**
             * @description New password, 8 to 256 characters. Common passwords are refused, and the installation may require more than 8 characters.
             * @example an example passphrase
             */
            newPassword: string;
            /**
             * @description True also removes all passkeys of the account. They remain if omitted.
             * @example true
             */
            removePasskeys?: boolean;
            /**
             * @description True also revokes all API keys of the account. They remain valid if omitted.
             * @example true
             */
            revokeApiKeys?: boolean;
        };
        Chapters: {
            /** @description The chapters, each starting later than the one before. */
            chapters: {
                /**
                 * @description Start in seconds.
                 * @example 93.5
                 */
                start: number;
                /**
                 * @description Title of the chapter.
                 * @example At the lake
                 */
                title: string;
            }[];
        };
        ChoosePoster: {
            /**
             * @description Second of the video to take the poster from.
             * @example 12.5
             */
            time: number;
        };
        CreateApiKey: {
            /**
             * Format: date-time
             * @description Time the key expires, ISO 8601 UTC. Without it the key does not expire.
             * @example 2027-01-15T00:00:00.000Z
             */
            expiresAt?: string;
            /**
             * @description Name that tells the key from others, 1 to 100 characters without control characters
             * @example Nightly import
             */
            name: string;
            /**
             * @description Current password of the caller, at most 256 characters. Required more than 15 minutes after the sign-in.
             * @example an example passphrase
             */
            password?: string;
            /**
             * Format: uuid
             * @description Id of the project that the key is for. Without it the personal project of the account.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId?: string;
            /**
             * @description Requests the key may make per minute, 1 to 1,000,000. Without it only the limits of the installation apply.
             * @example 600
             */
            ratePerMinute?: number;
            /**
             * @description What the key is allowed to do: at least one scope, each at most once
             * @example [
             *       "videos:read",
             *       "videos:write"
             *     ]
             */
            scopes: ("videos:read" | "videos:write" | "playback:write" | "playback-keys:write" | "webhooks:read" | "webhooks:write" | "account:read" | "admin")[];
        };
        CreateClip: {
            /**
             * @description Second of the source at which the clip ends, moved to the nearest frame.
             * @example 42
             */
            end: number;
            /**
             * @description Second of the source at which the clip starts, moved to the nearest frame.
             * @example 12.5
             */
            start: number;
            /**
             * @description Title of the clip; without it that of the source.
             * @example Highlights
             */
            title?: string;
        };
        CreateInvite: {
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
            /**
             * @description Whether to send the link to the address by mail. False by default.
             * @example false
             */
            mail?: boolean;
        };
        CreatePlaybackKey: {
            /**
             * @description Name that tells the key from others, 1 to 100 characters.
             * @example Web site
             */
            name?: string;
            /**
             * Format: uuid
             * @description Id of the project. Without it that of the API key, or the personal project of the caller.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId?: string;
            /**
             * @description The public key, on P-256 or Ed25519: SPKI in PEM, or a JWK.
             * @example -----BEGIN PUBLIC KEY-----
             *     MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKZTxDUr3GgxRzgt29UMKBsUQcsSa
             *     rkkzmdvlruPuObqnya4dWdaXGL2QKCEp1GdF6+gqmlP/8fophY9krYzEKA==
             *     -----END PUBLIC KEY-----
             */
            publicKey?: string | {
                /**
                 * @description Ignored: the curve decides.
                 * @example ES256
                 */
                alg?: string;
                /**
                 * @description Curve of the key.
                 * @example P-256
                 * @enum {string}
                 */
                crv: "P-256" | "Ed25519";
                /**
                 * @description Ignored.
                 * @example true
                 */
                ext?: boolean;
                /**
                 * @description Ignored.
                 * @example [
                 *       "verify"
                 *     ]
                 */
                key_ops?: string[];
                /**
                 * @description Ignored: the key gets an id.
                 * @example my-key
                 */
                kid?: string;
                /**
                 * @description EC for P-256, OKP for Ed25519.
                 * @example EC
                 * @enum {string}
                 */
                kty: "EC" | "OKP";
                /**
                 * @description Ignored.
                 * @example sig
                 */
                use?: string;
                /**
                 * @description Coordinate, in base64url.
                 * @example KZTxDUr3GgxRzgt29UMKBsUQcsSarkkzmdvlruPuObo
                 */
                x: string;
                /**
                 * @description Second coordinate of a key on P-256, in base64url.
                 * @example p8muHVnWlxi9kCghKdRnRevoKppT__H6KYWPZK2MxCg
                 */
                y?: string;
            };
        };
        CreatePlaybackKeyResult: {
            /**
             * @description What the header `alg` of its tokens must be. ES256: ECDSA on P-256. EdDSA: Ed25519.
             * @example ES256
             * @enum {string}
             */
            algorithm: "ES256" | "EdDSA";
            /**
             * Format: date-time
             * @description When it was registered (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * Format: uuid
             * @description Id of the key: `kid` or `iss` of its tokens.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description Name of the key; null without one.
             * @example Web site
             */
            name: string | null;
            /**
             * Format: uuid
             * @description Id of the account that registered the key.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * @description The private key: PKCS #8 in PEM. Only in the answer to a request without `publicKey`; Kinora does not store it.
             * @example -----BEGIN PRIVATE KEY-----
             *     MIGHAgEA…
             *     -----END PRIVATE KEY-----
             */
            privateKey?: string;
            /**
             * Format: uuid
             * @description Id of the project whose videos its tokens play.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * @description The public key: SPKI in PEM.
             * @example -----BEGIN PUBLIC KEY-----
             *     MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKZTxDUr3GgxRzgt29UMKBsUQcsSa
             *     rkkzmdvlruPuObqnya4dWdaXGL2QKCEp1GdF6+gqmlP/8fophY9krYzEKA==
             *     -----END PUBLIC KEY-----
             */
            publicKey: string;
        };
        CreatePlaybackToken: {
            /**
             * @description Whether the link also allows downloads.
             * @example false
             */
            download?: boolean;
            /**
             * @description Seconds for which the link is valid.
             * @example 3600
             */
            expiresIn?: number;
            /**
             * @description Largest height in pixels that the link plays.
             * @example 720
             */
            maxHeight?: number;
        };
        CreateProject: {
            /**
             * @description Name of the project, 1 to 100 characters without control characters
             * @example Marketing
             */
            name: string;
        };
        CreateProjectInvitation: {
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
            /**
             * @description Current password of the caller, at most 256 characters. Required more than 15 minutes after the sign-in.
             * @example an example passphrase
             */
            password?: string;
            /**
             * @description What a member may do: `viewer` reads and plays, `editor` also uploads, changes and shares, `admin` also manages API keys, webhooks and members, `owner` also deletes the project and hands it over
             * @example editor
             * @enum {string}
             */
            role: "viewer" | "editor" | "admin" | "owner";
        };
        CreateServiceAccount: {
            /**
             * @description Name shown to people, 1 to 100 characters without control characters. Surrounding spaces are removed.
             * @example Ann Example
             */
            displayName: string;
        };
        CreateServiceAccountKey: {
            /**
             * Format: date-time
             * @description Time the key expires, ISO 8601 UTC. Without it the key does not expire.
             * @example 2027-01-15T00:00:00.000Z
             */
            expiresAt?: string;
            /**
             * @description Name that tells the key from others, 1 to 100 characters without control characters
             * @example Nightly import
             */
            name: string;
            /**
             * @description Current password of the caller, at most 256 characters. Required more than 15 minutes after the sign-in.
             * @example an example passphrase
             */
            password?: string;
            /**
             * Format: uuid
             * @description Id of the project that the key is for. Without it the personal project of the account.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId?: string;
            /**
             * @description Requests the key may make per minute, 1 to 1,000,000. Without it only the limits of the installation apply.
             * @example 600
             */
            ratePerMinute?: number;
            /**
             * @description What the key is allowed to do: at least one scope, each at most once
             * @example [
             *       "videos:read",
             *       "videos:write"
             *     ]
             */
            scopes: ("videos:read" | "videos:write" | "playback:write" | "playback-keys:write" | "webhooks:read" | "webhooks:write" | "account:read" | "admin")[];
        };
        CreateUploadLink: {
            /**
             * @description Origins of the pages that may use the link. Null, or left out: all. Programs that are no browsers send none.
             * @example [
             *       "https://jobs.example.org"
             *     ]
             */
            allowedOrigins?: string[];
            /**
             * @description Content types of the files, such as `video/mp4` or `video/*`. What is declared is checked before the upload, what the file is afterwards. Null, or left out: every video.
             * @example [
             *       "video/mp4",
             *       "video/quicktime"
             *     ]
             */
            contentTypes?: string[];
            /**
             * @description Description of the videos.
             * @example Sent by applicants
             */
            description?: string;
            /**
             * @description Seconds for which the link is valid; at most 30 days.
             * @example 86400
             */
            expiresIn?: number;
            /**
             * @description Most bytes of one file. Null, or left out: as many as the project may upload.
             * @example 104857600
             */
            maxBytes?: number;
            /**
             * @description Longest duration of one video in seconds. A longer one fails with `VIDEO_TOO_LONG` when its file has been read. Null, or left out: as long as the project may upload.
             * @example 300
             */
            maxDurationSeconds?: number;
            /**
             * @description Metadata of the videos: up to 50 pairs of strings, each copied to every video.
             * @example {
             *       "application": "4711"
             *     }
             */
            metadata?: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @description Id of the project. Without it that of the API key, or the personal project of the caller.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId?: string;
            /**
             * @description Tags of the videos.
             * @example [
             *       "application"
             *     ]
             */
            tags?: string[];
            /**
             * @description Title of the videos. Null, or left out: the name of each file.
             * @example Applications 2026
             */
            title?: string;
            /**
             * @description How many files the link takes.
             * @example 1
             */
            uses?: number;
            /**
             * @description Visibility of the videos.
             * @example private
             * @enum {string}
             */
            visibility?: "private" | "unlisted" | "public";
        };
        CreateVideo: {
            /**
             * @description Host names of the sites whose pages may play the video, up to 50, each for all of its ports; `*.example.com` is every name below `example.com`. An empty list: all sites. null: as the project says.
             * @example [
             *       "example.com",
             *       "*.example.com"
             *     ]
             */
            allowedDomains?: string[] | null;
            /**
             * @description Description; line breaks are allowed.
             * @example Two weeks at the lake
             */
            description?: string;
            /**
             * Format: date-time
             * @description When the video is deleted (UTC), in the future; null: it is kept.
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt?: string | null;
            /**
             * @description What your system calls it: up to 200 characters, unique in the project.
             * @example order-4711
             */
            externalId?: string | null;
            /**
             * @description Whether others may watch the uploaded file, without its metadata, until the first segments exist. Off by default: what is seen in an original cannot be taken back.
             * @example false
             */
            instantPlayback?: boolean;
            /**
             * @description What your system keeps with it: up to 50 pairs; keys of 1 to 40 characters, values of up to 500.
             * @example {
             *       "customer": "42",
             *       "plan": "gold"
             *     }
             */
            metadata?: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @description Id of the project. Without it that of the API key, or the personal project of the caller.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId?: string;
            /**
             * Format: date-time
             * @description When the source is removed (UTC), in the future, and not before the video is ready; the video plays on. null: the source is kept, whatever the setting of the installation.
             * @example 2026-11-30T06:00:00.000Z
             */
            sourceExpiresAt?: string | null;
            /**
             * @description Words to find the video by.
             * @example [
             *       "holiday",
             *       "lake"
             *     ]
             */
            tags?: string[];
            /**
             * @description Title, on one line.
             * @example Holiday 2026
             */
            title: string;
            /**
             * @description private: only members of its project and holders of a link. unlisted: whoever knows the id. public: everybody.
             * @example private
             * @enum {string}
             */
            visibility?: "private" | "unlisted" | "public";
        };
        CreateWebhook: {
            /**
             * @description Event types to send.
             * @example [
             *       "video.ready",
             *       "video.failed"
             *     ]
             */
            events: ("video.uploaded" | "video.processing" | "video.playable" | "video.ready" | "video.failed" | "video.source_replaced" | "video.replacement_failed" | "video.source_removed" | "video.deleted" | "video.delivery_revoked")[];
            /**
             * Format: uuid
             * @description Id of the project. Without it that of the API key, or the personal project of the caller.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId?: string;
            /**
             * Format: uri
             * @description Address that messages are sent to (http or https).
             * @example https://example.org/hooks/kinora
             */
            url: string;
        };
        DeletePasskey: {
            /**
             * @description Current password of the account, at most 256 characters
             * @example an example passphrase
             */
            password: string;
        };
        DeleteProject: {
            /**
             * @description Code of the authenticator app, or a recovery code, at most 64 characters. Required if the account has a second factor.
             * @example 123456
             */
            code?: string;
            /**
             * @description Current password of the account, at most 256 characters
             * @example an example passphrase
             */
            password: string;
        };
        DisableTotp: {
            /**
             * @description Code of the authenticator app, or an unused recovery code, at most 64 characters
             * @example 123456
             */
            code: string;
            /**
             * @description Current password of the account, at most 256 characters
             * @example an example passphrase
             */
            password: string;
        };
        DownloadPreparing: {
            /**
             * @description Always `preparing`.
             * @example preparing
             * @enum {string}
             */
            status: "preparing";
        };
        Empty: Record<string, never>;
        EnableTotp: {
            /**
             * @description Six-digit code of the authenticator app, valid for about 30 seconds
             * @example 123456
             */
            code: string;
        };
        EraseMe: {
            /**
             * @description Code of the authenticator app, or a recovery code, at most 64 characters. Required if the account has a second factor.
             * @example 123456
             */
            code?: string;
            /**
             * @description Current password of the account, at most 256 characters
             * @example an example passphrase
             */
            password: string;
        };
        EventsToken: {
            /**
             * Format: date-time
             * @description Until when the stream can be opened (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string;
            /**
             * @description The events token.
             * @example abc
             */
            token: string;
            /**
             * @description Address of the stream of events, for `EventSource`.
             * @example https://video.example.org/v1/videos/01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55/events/abc
             */
            url: string;
        };
        FindVideosResult: {
            /** @description The entries of this page. */
            items: components["schemas"]["RetryAnyVideoResult"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        FinishLogin: {
            /**
             * @description Six-digit code of the authenticator app, valid for about 30 seconds
             * @example 123456
             */
            code?: string;
            /**
             * @description The `mfaToken` from the first step of the sign-in, at most 128 characters, valid for 300 seconds
             * @example example-mfa-token
             */
            mfaToken: string;
            /**
             * @description `AuthenticationResponseJSON` of WebAuthn level 3: `credential.toJSON()` after `navigator.credentials.get`
             * @example {
             *       "id": "ZXhhbXBsZS1jcmVkZW50aWFs",
             *       "rawId": "ZXhhbXBsZS1jcmVkZW50aWFs",
             *       "type": "public-key",
             *       "response": {
             *         "clientDataJSON": "eyJ0eXBlIjoiZXhhbXBsZSJ9",
             *         "authenticatorData": "ZXhhbXBsZS1hdXRoZW50aWNhdG9y",
             *         "signature": "ZXhhbXBsZS1zaWduYXR1cmU",
             *         "userHandle": null
             *       },
             *       "clientExtensionResults": {}
             *     }
             */
            passkey?: {
                /**
                 * @description Results of WebAuthn extensions; ignored
                 * @example {}
                 */
                clientExtensionResults?: {
                    [key: string]: unknown;
                };
                /**
                 * @description Id that the authenticator gave the credential, base64url, at most 1400 characters
                 * @example ZXhhbXBsZS1jcmVkZW50aWFs
                 */
                id: string;
                /**
                 * @description Id that the authenticator gave the credential, base64url, at most 1400 characters
                 * @example ZXhhbXBsZS1jcmVkZW50aWFs
                 */
                rawId: string;
                /**
                 * @description What the authenticator answered
                 * @example {
                 *       "clientDataJSON": "eyJ0eXBlIjoiZXhhbXBsZSJ9",
                 *       "authenticatorData": "ZXhhbXBsZS1hdXRoZW50aWNhdG9y",
                 *       "signature": "ZXhhbXBsZS1zaWduYXR1cmU",
                 *       "userHandle": null
                 *     }
                 */
                response: {
                    /**
                     * @description Authenticator data that was signed, base64url, at most 4096 characters
                     * @example ZXhhbXBsZS1hdXRoZW50aWNhdG9y
                     */
                    authenticatorData: string;
                    /**
                     * @description Client data in JSON as the browser signed it, base64url, at most 4096 characters
                     * @example eyJ0eXBlIjoiZXhhbXBsZSJ9
                     */
                    clientDataJSON: string;
                    /**
                     * @description Signature of the authenticator, base64url, at most 8192 characters
                     * @example ZXhhbXBsZS1zaWduYXR1cmU
                     */
                    signature: string;
                    /**
                     * @description User handle stored with the credential, base64url, at most 128 characters; null if unknown
                     * @example null
                     */
                    userHandle?: string | null;
                };
                /**
                 * @description Type of the credential: always `public-key`
                 * @example public-key
                 * @enum {string}
                 */
                type: "public-key";
            };
            /**
             * @description Unused recovery code, at most 64 characters. Case, spaces and dashes do not matter.
             * @example XXXX-XXXX-XXXX-XXXX-XXXX-XXXX
             */
            recoveryCode?: string;
        };
        FinishLoginResult: components["schemas"]["SignedIn"] | components["schemas"]["SignedInByCookie"];
        ForgotPassword: {
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
        };
        GetLivenessResult: {
            /**
             * @description Whether it works.
             * @example true
             */
            ok: boolean;
        };
        GetOembedResult: {
            /**
             * @description Height of the frame in pixels.
             * @example 360
             */
            height?: number;
            /**
             * @description A frame with the player; only with the type video.
             * @example <iframe src="https://video.example.org/embed/abc" width="640" height="360" allowfullscreen></iframe>
             */
            html?: string;
            /**
             * @description Name of the software.
             * @example Kinora
             */
            provider_name: string;
            /**
             * @description Address of this installation.
             * @example https://video.example.org
             */
            provider_url: string;
            /**
             * @description Height of the poster in pixels.
             * @example 360
             */
            thumbnail_height?: number;
            /**
             * @description Address of the poster; absent without one.
             * @example https://video.example.org/play/abc/poster.jpg?width=320
             */
            thumbnail_url?: string;
            /**
             * @description Width of the poster in pixels.
             * @example 640
             */
            thumbnail_width?: number;
            /**
             * @description Title of the video.
             * @example Holidays
             */
            title: string;
            /**
             * @description video: `html` is a player for the page. link: no other site may embed players of this installation, or the site that asks may not play this video.
             * @example video
             * @enum {string}
             */
            type: "video" | "link";
            /**
             * @description Version of oEmbed.
             * @example 1.0
             * @enum {string}
             */
            version: "1.0";
            /**
             * @description Width of the frame in pixels.
             * @example 640
             */
            width?: number;
        };
        HandOverProject: {
            /**
             * @description Code of the authenticator app, or a recovery code, at most 64 characters. Required if the account has a second factor.
             * @example 123456
             */
            code?: string;
            /**
             * @description Current password of the account, at most 256 characters
             * @example an example passphrase
             */
            password: string;
            /**
             * Format: uuid
             * @description Id of the account of the member
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            userId: string;
        };
        InspectVideoResult: {
            /**
             * @description Host names of the sites whose pages may play it; an empty list: all sites. null: as the project says, and for others than members of its project.
             * @default null
             * @example [
             *       "example.com",
             *       "*.example.com"
             *     ]
             */
            allowedDomains: string[] | null;
            /**
             * @description The audio tracks, in the order that players show; empty for a silent video and before it is probed.
             * @default []
             * @example [
             *       {
             *         "id": "1",
             *         "language": "de",
             *         "name": "Deutsch",
             *         "default": true,
             *         "channels": 2,
             *         "audioDescription": false,
             *         "hidden": false,
             *         "added": false,
             *         "status": "ready"
             *       },
             *       {
             *         "id": "2",
             *         "language": "en",
             *         "name": "English",
             *         "default": false,
             *         "channels": 6,
             *         "audioDescription": false,
             *         "hidden": false,
             *         "added": false,
             *         "status": "processing"
             *       }
             *     ]
             */
            audioTracks: {
                /**
                 * @description Whether its owner has added it; false for tracks of the source.
                 * @default false
                 * @example false
                 */
                added: boolean;
                /**
                 * @description Whether it describes the frames to people who do not see them.
                 * @example false
                 */
                audioDescription: boolean;
                /**
                 * @description Number of channels of the track in the source.
                 * @example 2
                 */
                channels: number;
                /**
                 * @description Whether players begin with it; true for one track.
                 * @example true
                 */
                default: boolean;
                /**
                 * @description Whether players are not offered it. Only members of the project see hidden tracks.
                 * @default false
                 * @example false
                 */
                hidden: boolean;
                /**
                 * @description Id of the track; unique within its video.
                 * @example 2
                 */
                id: string;
                /**
                 * @description Language in the canonical form of BCP 47; null if it is unknown.
                 * @example de
                 */
                language: string | null;
                /**
                 * @description What the menu of a player shows; unique within its video.
                 * @example Deutsch
                 */
                name: string;
                /**
                 * @description failed: it could not be processed, and the video does not have it.
                 * @example ready
                 * @enum {string}
                 */
                status: "processing" | "ready" | "failed";
            }[];
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * @description Description, of one or several lines.
             * @example Two weeks at the lake
             */
            description: string;
            /** @description Why processing failed; null unless status is failed. */
            error: {
                /**
                 * @description Stable code of the cause.
                 * @example SOURCE_CORRUPT
                 */
                code: string;
                /**
                 * @description The cause as a sentence.
                 * @example The file is damaged, or it is not a video.
                 */
                detail: string;
            } | null;
            /**
             * Format: date-time
             * @description When it is deleted (UTC); null if it is kept, and for others than members of its project.
             * @default null
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string | null;
            /**
             * @description What your system calls it; unique in its project. Null without one, and for others than its members.
             * @default null
             * @example order-4711
             */
            externalId: string | null;
            /**
             * Format: uuid
             * @description Id of the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description Whether others than the owner may watch the uploaded file until the first segments exist.
             * @default false
             * @example false
             */
            instantPlayback: boolean;
            /**
             * @description audio: its source has audio but no frames, except perhaps a cover. video: all others, and every video before it is probed.
             * @default video
             * @example video
             * @enum {string}
             */
            kind: "video" | "audio";
            /**
             * @description What your system keeps with it: pairs of strings. Empty for others than members of its project.
             * @default {}
             * @example {
             *       "customer": "42",
             *       "plan": "gold"
             *     }
             */
            metadata: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @description Id of the account that created the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * @description Whether it can be played now, possibly not yet in all renditions.
             * @example true
             */
            playable: boolean;
            progress: components["schemas"]["Progress"];
            /**
             * Format: uuid
             * @description Id of the project that owns the video; a personal project has the id of its account.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * Format: date-time
             * @description When processing was complete (UTC); null before that.
             * @example 2026-11-30T06:00:00.000Z
             */
            readyAt: string | null;
            /** @description The video in each of its sizes; empty for the kind audio. */
            renditions: {
                /**
                 * @description Average bits per second; null until it is measured.
                 * @example 2500000
                 */
                bitrate: number | null;
                /**
                 * @description Height in pixels.
                 * @example 720
                 */
                height: number;
                /**
                 * @description Name of the rendition, by its short side; with `-hevc` for the frames of an HEVC source.
                 * @example 720p
                 */
                name: string;
                /**
                 * @description failed: it was not ready when processing of the video failed; a retry continues it.
                 * @example ready
                 * @enum {string}
                 */
                status: "processing" | "ready" | "failed";
                /**
                 * @description Width in pixels.
                 * @example 1280
                 */
                width: number;
            }[];
            /**
             * @description A new source that is being processed while the video plays on, or that failed; null without one, once the video has it, and for others than members of its project.
             * @default null
             */
            replacement: {
                /** @description Why the new source failed; null unless it did. */
                error: {
                    /**
                     * @description Stable code of the cause.
                     * @example SOURCE_CORRUPT
                     */
                    code: string;
                    /**
                     * @description The cause as a sentence.
                     * @example The file is damaged, or it is not a video.
                     */
                    detail: string;
                } | null;
                /**
                 * @description Percent of the work that is done.
                 * @example 42.5
                 */
                percent: number;
                /**
                 * Format: date-time
                 * @description When all bytes of the new source were stored (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                startedAt: string;
                /**
                 * @description processing: the video changes when the new source is ready. failed: the video stays as it was.
                 * @example processing
                 * @enum {string}
                 */
                status: "processing" | "failed";
            } | null;
            /**
             * @description Number of its version. Grows with each update by a member, not with the progress of processing.
             * @default 1
             * @example 3
             */
            revision: number;
            /** @description The uploaded file; null before the upload is complete. */
            source: {
                /**
                 * @description Audio codec; null without audio or before the file is probed.
                 * @example aac
                 */
                audioCodec: string | null;
                /**
                 * @description Size of the file in bytes.
                 * @example 73400320
                 */
                bytes: number;
                /**
                 * @description Container format as ffprobe names it; null before the file is probed.
                 * @example mov,mp4,m4a,3gp,3g2,mj2
                 */
                container: string | null;
                /**
                 * @description Duration in seconds; null before the file is probed.
                 * @example 182.4
                 */
                durationSeconds: number | null;
                /**
                 * @description File name that the client gave; null without one.
                 * @example holiday.mp4
                 */
                filename: string | null;
                /**
                 * @description Frames per second; null before the file is probed.
                 * @example 29.97
                 */
                frameRate: number | null;
                /**
                 * @description Height in pixels.
                 * @example 720
                 */
                height: number | null;
                /**
                 * Format: date-time
                 * @description When the file was removed (UTC), while the video plays on; null while it is stored.
                 * @default null
                 * @example 2026-11-30T06:00:00.000Z
                 */
                removedAt: string | null;
                /**
                 * @description SHA-256 of the file in hexadecimal.
                 * @example e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                 */
                sha256: string;
                /**
                 * @description Video codec; null before the file is probed.
                 * @example h264
                 */
                videoCodec: string | null;
                /**
                 * @description Width in pixels.
                 * @example 1280
                 */
                width: number | null;
            } | null;
            /**
             * Format: date-time
             * @description When its source is removed (UTC), while the video plays on; null if the source is kept, for others than members of its project, and before the video is ready where days after that are counted.
             * @default null
             * @example 2026-11-30T06:00:00.000Z
             */
            sourceExpiresAt: string | null;
            /**
             * @description How far the video has come: awaiting_upload, uploaded, processing, ready or failed.
             * @example ready
             * @enum {string}
             */
            status: "awaiting_upload" | "uploaded" | "processing" | "ready" | "failed";
            /**
             * @description Words to find the video by.
             * @example [
             *       "holiday",
             *       "lake"
             *     ]
             */
            tags: string[];
            /** @description The attempts at its tasks, in the order of their start. */
            timeline: components["schemas"]["TimelineEntry"][];
            /**
             * @description Title, on one line.
             * @example Holiday 2026
             */
            title: string;
            /**
             * Format: date-time
             * @description When it was last changed (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            updatedAt: string;
            /**
             * @description private: only members of its project and holders of a link. unlisted: everybody who knows the id. public: everybody.
             * @example private
             * @enum {string}
             */
            visibility: "private" | "unlisted" | "public";
            /**
             * @description What was left out of the video although it did not fail: tracks, seconds, frames. Empty for viewers who are not members of its project.
             * @default []
             * @example [
             *       {
             *         "code": "AUDIO_TRACK_SKIPPED",
             *         "detail": "Audio track 3 (tta) is not part of the video: its codec is not supported."
             *       }
             *     ]
             */
            warnings: {
                /**
                 * @description Stable code of what was left out.
                 * @example AUDIO_TRACK_SKIPPED
                 */
                code: string;
                /**
                 * @description The same as a sentence, with the track, the codec or the seconds.
                 * @example Audio track 3 (tta) is not part of the video: its codec is not supported.
                 */
                detail: string;
            }[];
        };
        /** @description An invitation to register that has not been used */
        Invite: {
            /**
             * Format: date-time
             * @description Time the invitation was created, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
            /**
             * Format: date-time
             * @description Time the invitation expires, ISO 8601 UTC: 7 days after its creation
             * @example 2026-01-22T09:30:00.000Z
             */
            expiresAt: string;
            /**
             * Format: uuid
             * @description Id of the invitation
             * @example 0197a1ee-3b7c-7d21-9f40-5c8e2a6b1d73
             */
            id: string;
            /**
             * @description Whether it is sent to the address by mail
             * @example false
             */
            mailed: boolean;
        };
        /** @description A page of invitations */
        InvitePage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Invite"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        /** @description A public key that verifies access tokens (RFC 7517) */
        Jwk: {
            /**
             * @description Signature algorithm
             * @example ES256
             * @enum {string}
             */
            alg: "ES256";
            /**
             * @description Curve
             * @example P-256
             * @enum {string}
             */
            crv: "P-256";
            /**
             * @description Id of the key, as in the header of the tokens it signs
             * @example example-kid
             */
            kid: string;
            /**
             * @description Key type: elliptic curve
             * @example EC
             * @enum {string}
             */
            kty: "EC";
            /**
             * @description Use of the key: signatures
             * @example sig
             * @enum {string}
             */
            use: "sig";
            /**
             * @description X coordinate of the public point, base64url
             * @example example-x-coordinate
             */
            x: string;
            /**
             * @description Y coordinate of the public point, base64url
             * @example example-y-coordinate
             */
            y: string;
        };
        JwkSet: {
            /** @description The keys. */
            keys: components["schemas"]["Jwk"][];
        };
        /** @description What the project may use. */
        Limits: {
            /**
             * @description Minutes of all videos together; null: no limit.
             * @example 6000
             */
            minutes: number | null;
            /**
             * @description Tasks of all videos that run at the same time; null: no limit.
             * @example 4
             */
            runningTasks: number | null;
            /**
             * @description Days after a video is ready in which its source is kept, for videos that are created from now on; null: for ever.
             * @example 30
             */
            sourceDays: number | null;
            /**
             * @description Bytes of all that is stored: sources, also while they are uploaded, captions, chapters, watermarks; null: no limit.
             * @example 107374182400
             */
            storedBytes: number | null;
            /**
             * @description Bytes of one source; null: no limit.
             * @example 10737418240
             */
            uploadBytes: number | null;
            /**
             * @description Seconds of one video; null: no limit.
             * @example 14400
             */
            videoSeconds: number | null;
        };
        ListPlaybackKeysResult: {
            /** @description The entries of this page. */
            items: {
                /**
                 * @description What the header `alg` of its tokens must be. ES256: ECDSA on P-256. EdDSA: Ed25519.
                 * @example ES256
                 * @enum {string}
                 */
                algorithm: "ES256" | "EdDSA";
                /**
                 * Format: date-time
                 * @description When it was registered (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                createdAt: string;
                /**
                 * Format: uuid
                 * @description Id of the key: `kid` or `iss` of its tokens.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                id: string;
                /**
                 * @description Name of the key; null without one.
                 * @example Web site
                 */
                name: string | null;
                /**
                 * Format: uuid
                 * @description Id of the account that registered the key.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                ownerId: string;
                /**
                 * Format: uuid
                 * @description Id of the project whose videos its tokens play.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                projectId: string;
                /**
                 * @description The public key: SPKI in PEM.
                 * @example -----BEGIN PUBLIC KEY-----
                 *     MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKZTxDUr3GgxRzgt29UMKBsUQcsSa
                 *     rkkzmdvlruPuObqnya4dWdaXGL2QKCEp1GdF6+gqmlP/8fophY9krYzEKA==
                 *     -----END PUBLIC KEY-----
                 */
                publicKey: string;
            }[];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        Login: {
            /**
             * @description The `deviceToken` from an earlier sign-in of this client, at most 256 characters. One that is not valid is ignored.
             * @example example-device-token
             */
            deviceToken?: string;
            /**
             * @description Email address of the account, at most 254 characters. Case does not matter.
             * @example ann@example.com
             */
            email: string;
            /**
             * @description Current password of the account, at most 256 characters
             * @example an example passphrase
             */
            password: string;
        };
        LoginResult: components["schemas"]["SignedIn"] | components["schemas"]["MfaRequired"] | components["schemas"]["SignedInByCookie"];
        LoginWithPasskey: {
            /**
             * @description Token from the first step, at most 128 characters. It works once, within 300 seconds.
             * @example example-challenge-token
             */
            challengeToken: string;
            /**
             * @description `AuthenticationResponseJSON` of WebAuthn level 3: `credential.toJSON()` after `navigator.credentials.get`
             * @example {
             *       "id": "ZXhhbXBsZS1jcmVkZW50aWFs",
             *       "rawId": "ZXhhbXBsZS1jcmVkZW50aWFs",
             *       "type": "public-key",
             *       "response": {
             *         "clientDataJSON": "eyJ0eXBlIjoiZXhhbXBsZSJ9",
             *         "authenticatorData": "ZXhhbXBsZS1hdXRoZW50aWNhdG9y",
             *         "signature": "ZXhhbXBsZS1zaWduYXR1cmU",
             *         "userHandle": null
             *       },
             *       "clientExtensionResults": {}
             *     }
             */
            response: {
                /**
                 * @description Results of WebAuthn extensions; ignored
                 * @example {}
                 */
                clientExtensionResults?: {
                    [key: string]: unknown;
                };
                /**
                 * @description Id that the authenticator gave the credential, base64url, at most 1400 characters
                 * @example ZXhhbXBsZS1jcmVkZW50aWFs
                 */
                id: string;
                /**
                 * @description Id that the authenticator gave the credential, base64url, at most 1400 characters
                 * @example ZXhhbXBsZS1jcmVkZW50aWFs
                 */
                rawId: string;
                /**
                 * @description What the authenticator answered
                 * @example {
                 *       "clientDataJSON": "eyJ0eXBlIjoiZXhhbXBsZSJ9",
                 *       "authenticatorData": "ZXhhbXBsZS1hdXRoZW50aWNhdG9y",
                 *       "signature": "ZXhhbXBsZS1zaWduYXR1cmU",
                 *       "userHandle": null
                 *     }
                 */
                response: {
                    /**
                     * @description Authenticator data that was signed, base64url, at most 4096 characters
                     * @example ZXhhbXBsZS1hdXRoZW50aWNhdG9y
                     */
                    authenticatorData: string;
                    /**
                     * @description Client data in JSON as the browser signed it, base64url, at most 4096 characters
                     * @example eyJ0eXBlIjoiZXhhbXBsZSJ9
                     */
                    clientDataJSON: string;
                    /**
                     * @description Signature of the authenticator, base64url, at most 8192 characters
                     * @example ZXhhbXBsZS1zaWduYXR1cmU
                     */
                    signature: string;
                    /**
                     * @description User handle stored with the credential, base64url, at most 128 characters; null if unknown
                     * @example null
                     */
                    userHandle?: string | null;
                };
                /**
                 * @description Type of the credential: always `public-key`
                 * @example public-key
                 * @enum {string}
                 */
                type: "public-key";
            };
        };
        LoginWithPasskeyResult: components["schemas"]["SignedIn"] | components["schemas"]["SignedInByCookie"];
        Logout: {
            /**
             * @description Refresh token of the session to end, at most 256 characters. Needed only without a valid access token.
             * @example example-refresh-token
             */
            refreshToken?: string;
        };
        LogoutAll: {
            /**
             * @description True also revokes all API keys of the account. They remain valid if omitted.
             * @example true
             */
            revokeApiKeys?: boolean;
        };
        /** @description A member of a project */
        Member: {
            /**
             * Format: date-time
             * @description Time the account became a member, ISO 8601 UTC
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * @description Name shown to people; null if none was set
             * @example Ann Example
             */
            displayName: string | null;
            /**
             * Format: email
             * @description Email address of the account; null for callers who do not manage members
             * @example ann@example.com
             */
            email: string | null;
            /**
             * @description What a member may do: `viewer` reads and plays, `editor` also uploads, changes and shares, `admin` also manages API keys, webhooks and members, `owner` also deletes the project and hands it over
             * @example editor
             * @enum {string}
             */
            role: "viewer" | "editor" | "admin" | "owner";
            /**
             * Format: uuid
             * @description Id of the account of the member
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            userId: string;
        };
        /** @description A page of members */
        MemberPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Member"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        MfaPasskeyChallenge: {
            /**
             * @description Options for `PublicKeyCredential.parseCreationOptionsFromJSON` or `PublicKeyCredential.parseRequestOptionsFromJSON`
             * @example {
             *       "challenge": "ZXhhbXBsZS1jaGFsbGVuZ2U"
             *     }
             */
            options: {
                /**
                 * @description Random challenge to sign, base64url
                 * @example ZXhhbXBsZS1jaGFsbGVuZ2U
                 */
                challenge: string;
            } & {
                [key: string]: unknown;
            };
        };
        /** @description The password was correct, and the account requires a second factor */
        MfaRequired: {
            /**
             * @description Seconds until `mfaToken` expires
             * @example 300
             */
            expiresIn: number;
            /**
             * @description Second factors the account can use: `totp` (authenticator app), `recovery_code` (while any is unused), `passkey`
             * @example [
             *       "totp",
             *       "recovery_code"
             *     ]
             */
            methods: ("totp" | "recovery_code" | "passkey")[];
            /**
             * @description Always true: tells this answer from tokens
             * @example true
             * @enum {boolean}
             */
            mfaRequired: true;
            /**
             * @description Token of the first step, which replaces the password in the second step of the sign-in
             * @example example-mfa-token
             */
            mfaToken: string;
        };
        /** @description A new API key: the only answer that contains the key itself */
        NewApiKey: {
            /**
             * Format: date-time
             * @description Time the key was created, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description Time the key expires, ISO 8601 UTC; null if it does not expire
             * @example 2027-01-15T00:00:00.000Z
             */
            expiresAt: string | null;
            /**
             * Format: uuid
             * @description Id of the API key
             * @example 0197a1e2-7d10-7f5e-b0a4-3e8c91d2f605
             */
            id: string;
            /**
             * @description The key itself, to send as `Authorization: Bearer`. It cannot be shown again.
             * @example knr_EXAMPLE
             */
            key: string;
            /**
             * Format: date-time
             * @description Time the key was last used, to the minute, ISO 8601 UTC; null if it was never used
             * @example 2026-01-16T18:05:00.000Z
             */
            lastUsedAt: string | null;
            /**
             * @description Name that was chosen when the key was created
             * @example Nightly import
             */
            name: string;
            /**
             * Format: uuid
             * @description Id of the account that created the key and that it acts for
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * @description First 8 characters of the key, to tell it from others
             * @example knr_EXAM
             */
            prefix: string;
            /**
             * Format: uuid
             * @description Id of the project that the key reaches; it reaches no other
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * @description Requests the key may make per minute; null if only the limits of the installation apply
             * @example 600
             */
            ratePerMinute: number | null;
            /**
             * @description What the key is allowed to do
             * @example [
             *       "videos:read",
             *       "videos:write"
             *     ]
             */
            scopes: ("videos:read" | "videos:write" | "playback:write" | "playback-keys:write" | "webhooks:read" | "webhooks:write" | "account:read" | "admin")[];
        };
        /** @description A new invitation: the only answer that contains its token */
        NewInvite: {
            /**
             * Format: date-time
             * @description Time the invitation was created, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
            /**
             * Format: date-time
             * @description Time the invitation expires, ISO 8601 UTC: 7 days after its creation
             * @example 2026-01-22T09:30:00.000Z
             */
            expiresAt: string;
            /**
             * Format: uuid
             * @description Id of the invitation
             * @example 0197a1ee-3b7c-7d21-9f40-5c8e2a6b1d73
             */
            id: string;
            /**
             * @description Whether it is sent to the address by mail
             * @example false
             */
            mailed: boolean;
            /**
             * @description Token to send as `invite` of the registration. It works once and cannot be shown again. Null where it is sent by mail, which alone contains it.
             * @example example-invite-token
             */
            token: string | null;
            /**
             * @description Link to a page that registers the invited person; the token is in its fragment. Null where it is sent by mail.
             * @example https://video.example.com/account/register#token=example-invite-token
             */
            url: string | null;
        };
        NewUploadLink: {
            /**
             * @description Origins of the pages that may use the link. Null, or left out: all. Programs that are no browsers send none.
             * @example [
             *       "https://jobs.example.org"
             *     ]
             */
            allowedOrigins: string[] | null;
            /**
             * @description Content types of the files, such as `video/mp4` or `video/*`. What is declared is checked before the upload, what the file is afterwards. Null, or left out: every video.
             * @example [
             *       "video/mp4",
             *       "video/quicktime"
             *     ]
             */
            contentTypes: string[] | null;
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * @description Description of the videos.
             * @example Sent by applicants
             */
            description: string;
            /**
             * Format: date-time
             * @description When it expires (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string;
            /**
             * Format: uuid
             * @description Id of the upload link.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description Most bytes of one file. Null, or left out: as many as the project may upload.
             * @example 104857600
             */
            maxBytes: number | null;
            /**
             * @description Longest duration of one video in seconds. A longer one fails with `VIDEO_TOO_LONG` when its file has been read. Null, or left out: as long as the project may upload.
             * @example 300
             */
            maxDurationSeconds: number | null;
            /**
             * @description Metadata of the videos: up to 50 pairs of strings, each copied to every video.
             * @example {
             *       "application": "4711"
             *     }
             */
            metadata: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @description Id of the account that created the link; it is the owner of the videos.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * Format: uuid
             * @description Id of the project that gets the videos.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * Format: date-time
             * @description When the link was revoked (UTC); null if it was not.
             * @example null
             */
            revokedAt: string | null;
            /**
             * @description Tags of the videos.
             * @example [
             *       "application"
             *     ]
             */
            tags: string[];
            /**
             * @description Title of the videos. Null, or left out: the name of each file.
             * @example Applications 2026
             */
            title: string | null;
            /**
             * @description Address for one PUT with the whole file; with `/tus` after it, for tus clients. The token in it is shown here only.
             * @example https://video.example.org/u/0mYzTq8vK3RkqjX1f6n7bW5cPz2dLh9sAoEuGiN4tQw
             */
            url: string;
            /**
             * @description How many files the link takes.
             * @example 1
             */
            uses: number;
            /**
             * @description How many files the link still takes.
             * @example 1
             */
            usesLeft: number;
            /**
             * @description Ids of the videos that came by the link, newest first, without those that were deleted.
             * @example [
             *       "01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55"
             *     ]
             */
            videoIds: string[];
            /**
             * @description Visibility of the videos.
             * @example private
             * @enum {string}
             */
            visibility: "private" | "unlisted" | "public";
        };
        NewWebhook: {
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /** @description Why and when the webhook was disabled; null while it is enabled. */
            disabled: {
                /**
                 * Format: date-time
                 * @description When (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                at: string;
                /**
                 * @description owner: by its owner. gone: it answered 410. failing: nothing arrived for days.
                 * @example failing
                 * @enum {string}
                 */
                reason: "owner" | "gone" | "failing";
            } | null;
            /**
             * @description Whether messages are sent.
             * @example true
             */
            enabled: boolean;
            /**
             * @description Event types to send.
             * @example [
             *       "video.ready",
             *       "video.failed"
             *     ]
             */
            events: ("video.uploaded" | "video.processing" | "video.playable" | "video.ready" | "video.failed" | "video.source_replaced" | "video.replacement_failed" | "video.source_removed" | "video.deleted" | "video.delivery_revoked")[];
            /**
             * Format: date-time
             * @description First failed attempt since the last success (UTC); null if no attempt has failed since.
             * @example 2026-11-30T06:00:00.000Z
             */
            failingSince: string | null;
            /**
             * Format: uuid
             * @description Id of the webhook.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the account that created the webhook.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * Format: date-time
             * @description Until then messages are also signed with the previous secret (UTC); null without one.
             * @example 2026-11-30T06:00:00.000Z
             */
            previousSecretUntil: string | null;
            /**
             * Format: uuid
             * @description Id of the project whose videos it reports.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * @description Secret to check signatures with; shown only here.
             * @example whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
             */
            secret: string;
            /**
             * Format: date-time
             * @description When it was last changed (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            updatedAt: string;
            /**
             * @description Address that messages are sent to (http or https).
             * @example https://example.org/hooks/kinora
             */
            url: string;
        };
        Parked: {
            /**
             * @description How often it was tried.
             * @example 5
             */
            attempts: number;
            /** @description What went wrong the last time. */
            error: {
                /**
                 * @description Code of the error.
                 * @example INTERNAL
                 */
                code: string;
                /**
                 * @description Text of the error.
                 * @example Something went wrong
                 */
                message: string;
            };
            /**
             * @description Id of the message.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description `media`: an event that media could not process. `receipts`: a note about a finished upload that cannot be read.
             * @example media
             */
            origin: string;
            /**
             * Format: date-time
             * @description When it was parked (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            parkedAt: string;
            /**
             * @description Type that the sender gave; null without one.
             * @example auth.user-erased
             */
            type: string | null;
        };
        ParkedInFull: {
            /**
             * @description How often it was tried.
             * @example 5
             */
            attempts: number;
            /**
             * @description The message as it came.
             * @example {}
             */
            body: string;
            /** @description What went wrong the last time. */
            error: {
                /**
                 * @description Code of the error.
                 * @example INTERNAL
                 */
                code: string;
                /**
                 * @description Text of the error.
                 * @example Something went wrong
                 */
                message: string;
            };
            /**
             * @description Id of the message.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description `media`: an event that media could not process. `receipts`: a note about a finished upload that cannot be read.
             * @example media
             */
            origin: string;
            /**
             * Format: date-time
             * @description When it was parked (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            parkedAt: string;
            /**
             * @description Type that the sender gave; null without one.
             * @example auth.user-erased
             */
            type: string | null;
        };
        ParkedPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Parked"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        /** @description A passkey of an account */
        Passkey: {
            /**
             * Format: date-time
             * @description Time the passkey was added, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * Format: uuid
             * @description Id of the passkey
             * @example 0197a1ec-4e90-7b58-8d02-a7c36f1e5d94
             */
            id: string;
            /**
             * Format: date-time
             * @description Time of the last sign-in with the passkey, ISO 8601 UTC; null if there was no sign-in with it yet
             * @example 2026-01-16T18:05:12.000Z
             */
            lastUsedAt: string | null;
            /**
             * @description Name given by the owner of the account
             * @example Laptop
             */
            name: string;
        };
        /** @description First step of adding or using a passkey */
        PasskeyChallenge: {
            /**
             * @description Token to send with the answer of the device, once, within 300 seconds
             * @example example-challenge-token
             */
            challengeToken: string;
            /**
             * @description Options for `PublicKeyCredential.parseCreationOptionsFromJSON` or `PublicKeyCredential.parseRequestOptionsFromJSON`
             * @example {
             *       "challenge": "ZXhhbXBsZS1jaGFsbGVuZ2U"
             *     }
             */
            options: {
                /**
                 * @description Random challenge to sign, base64url
                 * @example ZXhhbXBsZS1jaGFsbGVuZ2U
                 */
                challenge: string;
            } & {
                [key: string]: unknown;
            };
        };
        /** @description All passkeys of an account */
        PasskeyPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Passkey"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        Passport: {
            /** @description What was found out about the source. */
            facts: {
                /** @description The audio track that players begin with; null without audio. */
                audio: {
                    /**
                     * @description Whether the track describes the frames to people who do not see them.
                     * @example true
                     */
                    audioDescription?: boolean;
                    /**
                     * @description Number of audio channels.
                     * @example 2
                     */
                    channels: number;
                    /**
                     * @description Codec as ffprobe names it.
                     * @example h264
                     */
                    codec: string;
                    /**
                     * @description Language as the file has it.
                     * @example ger
                     */
                    language?: string;
                    /**
                     * @description Indexes of the other mono tracks of the same recording, which are mixed in.
                     * @example [
                     *       2
                     *     ]
                     */
                    mixedWith?: number[];
                    /**
                     * @description Audio samples per second.
                     * @example 48000
                     */
                    sampleRate: number;
                    /**
                     * @description Second on the clock of the source at which the track starts.
                     * @example 0
                     */
                    startTime: number;
                    /**
                     * @description Index of the stream in the file.
                     * @example 0
                     */
                    streamIndex: number;
                    /**
                     * @description Whether it has five channels or more in known places, so that it is published as 5.1 as well.
                     * @example true
                     */
                    surround?: boolean;
                    /**
                     * @description Title of the track in the file.
                     * @example Commentary
                     */
                    title?: string;
                } | null;
                /**
                 * @description Container format as ffprobe names it.
                 * @example mov,mp4,m4a,3gp,3g2,mj2
                 */
                container: string;
                /** @description The cover picture of a source without frames; absent if there is none. */
                cover?: {
                    /**
                     * @description Codec as ffprobe names it.
                     * @example mjpeg
                     */
                    codec: string;
                    /**
                     * @description Index of the stream in the file.
                     * @example 1
                     */
                    streamIndex: number;
                };
                /**
                 * @description Duration in seconds.
                 * @example 182.4
                 */
                durationSeconds: number;
                /**
                 * @description Present for a source without frames. `video` is then the grid of its audio, one frame of AAC after another, with the size of its picture; its other fields say nothing.
                 * @example audio
                 * @enum {string}
                 */
                kind?: "audio";
                /** @description All other audio tracks of the video; absent if there are none. */
                otherAudio?: {
                    /**
                     * @description Whether the track describes the frames to people who do not see them.
                     * @example true
                     */
                    audioDescription?: boolean;
                    /**
                     * @description Number of audio channels.
                     * @example 2
                     */
                    channels: number;
                    /**
                     * @description Codec as ffprobe names it.
                     * @example h264
                     */
                    codec: string;
                    /**
                     * @description Language as the file has it.
                     * @example ger
                     */
                    language?: string;
                    /**
                     * @description Indexes of the other mono tracks of the same recording, which are mixed in.
                     * @example [
                     *       2
                     *     ]
                     */
                    mixedWith?: number[];
                    /**
                     * @description Audio samples per second.
                     * @example 48000
                     */
                    sampleRate: number;
                    /**
                     * @description Second on the clock of the source at which the track starts.
                     * @example 0
                     */
                    startTime: number;
                    /**
                     * @description Index of the stream in the file.
                     * @example 0
                     */
                    streamIndex: number;
                    /**
                     * @description Whether it has five channels or more in known places, so that it is published as 5.1 as well.
                     * @example true
                     */
                    surround?: boolean;
                    /**
                     * @description Title of the track in the file.
                     * @example Commentary
                     */
                    title?: string;
                }[];
                /** @description The video track. */
                video: {
                    /**
                     * @description Whether frames before the first usable one were left out.
                     * @example false
                     */
                    clipped?: boolean;
                    /**
                     * @description Codec as ffprobe names it.
                     * @example h264
                     */
                    codec: string;
                    /**
                     * @description Colour matrix as ffprobe names it; absent if the source has none.
                     * @example bt709
                     */
                    colorMatrix?: string;
                    /**
                     * @description Colour primaries as ffprobe names them; absent if not declared.
                     * @example bt709
                     */
                    colorPrimaries?: string;
                    /**
                     * @description Transfer characteristic as ffprobe names it; absent if not declared.
                     * @example bt709
                     */
                    colorTransfer?: string;
                    /** @description Present if frames of H.264 can be cut into segments without encoding. */
                    copyable?: {
                        /**
                         * @description The file is cut off: this is true of the file that its index tells of.
                         * @example true
                         * @enum {boolean}
                         */
                        part?: true;
                        /**
                         * @description Bits per second of the largest of these segments.
                         * @example 6000000
                         */
                        peakBitrate: number;
                    };
                    /** @description Present if frames of HEVC can be cut into segments without encoding. */
                    copyableHevc?: {
                        /**
                         * @description The file is cut off: this is true of the file that its index tells of.
                         * @example true
                         * @enum {boolean}
                         */
                        part?: true;
                        /**
                         * @description Bits per second of the largest of these segments.
                         * @example 6000000
                         */
                        peakBitrate: number;
                    };
                    /**
                     * @description Number of frames at the constant rate.
                     * @example 5466
                     */
                    frameCount: number;
                    /** @description Constant frame rate of all renditions; at most 60. */
                    frameRate: {
                        /**
                         * @description Denominator.
                         * @example 1001
                         */
                        den: number;
                        /**
                         * @description Numerator.
                         * @example 30000
                         */
                        num: number;
                    };
                    /**
                     * @description Whether the source has a high dynamic range.
                     * @example false
                     */
                    hdr: boolean;
                    /**
                     * @description Height in pixels, as displayed.
                     * @example 720
                     */
                    height: number;
                    /**
                     * @description Whether the source is interlaced.
                     * @example false
                     */
                    interlaced: boolean;
                    /**
                     * @description Pixel format as ffprobe names it.
                     * @example yuv420p
                     */
                    pixelFormat: string;
                    /**
                     * @description Whether frames are repeated or dropped to reach the frame rate.
                     * @example false
                     */
                    resample: boolean;
                    /** @description Frames of the grid that the track itself has: before them the video is black, after them the last one is held. Absent if it has all. */
                    shown?: {
                        /**
                         * @description The first of these frames.
                         * @example 0
                         */
                        from: number;
                        /**
                         * @description The frame after the last of them.
                         * @example 75
                         */
                        to: number;
                    };
                    /** @description Average frame rate of the file itself. */
                    sourceRate?: {
                        /**
                         * @description Denominator.
                         * @example 1001
                         */
                        den: number;
                        /**
                         * @description Numerator.
                         * @example 30000
                         */
                        num: number;
                    };
                    /**
                     * @description Second on the clock of the source at which the track starts.
                     * @example 0
                     */
                    startTime: number;
                    /**
                     * @description Index of the stream in the file.
                     * @example 0
                     */
                    streamIndex: number;
                    /**
                     * @description Width in pixels, as displayed.
                     * @example 1280
                     */
                    width: number;
                };
            };
            /** @description Every published file. */
            files: {
                /**
                 * @description Size in bytes.
                 * @example 1024
                 */
                bytes: number;
                /**
                 * @description Path relative to the folder of the video.
                 * @example 720p/init.mp4
                 */
                name: string;
                /**
                 * @description SHA-256 in hexadecimal; null for a file from a version that stored no hashes.
                 * @example e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                 */
                sha256: string | null;
            }[];
            /** @description Every attempt whose files are published, in the order of work. */
            runs: {
                /**
                 * @description Number of the attempt, from 1.
                 * @example 1
                 */
                attempt: number;
                /**
                 * @description Program and arguments of each run.
                 * @example [
                 *       [
                 *         "ffmpeg",
                 *         "-version"
                 *       ]
                 *     ]
                 */
                commands: string[][];
                /** @description The ffmpeg that was used. */
                ffmpeg: {
                    /**
                     * @description SHA-256 of its configuration line, in hexadecimal.
                     * @example e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                     */
                    configurationSha256: string;
                    /**
                     * @description First line of `ffmpeg -version`.
                     * @example ffmpeg version 7.1
                     */
                    version: string;
                };
                /**
                 * @description Which task, as in the timeline.
                 * @example video 720p 1/4
                 */
                label: string;
                /**
                 * Format: uuid
                 * @description Id of the task.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                taskId: string;
            }[];
            /** @description The uploaded file. */
            source: {
                /**
                 * @description Size in bytes.
                 * @example 73400320
                 */
                bytes: number;
                /**
                 * @description SHA-256 in hexadecimal.
                 * @example e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                 */
                sha256: string;
            };
            /** @description The verdict on each rule of HLS, in order. */
            verdicts: {
                /**
                 * @description Id of the rule.
                 * @example segment-duration
                 */
                rule: string;
                /**
                 * @description What the rule demands.
                 * @example No segment is longer than the target duration
                 */
                says: string;
                /**
                 * @description Where the rule is written.
                 * @example RFC 8216 section 4.3.3.1
                 */
                source: string;
                /**
                 * @description kept, broken, or unchecked if the video has nothing that the rule is about.
                 * @example kept
                 * @enum {string}
                 */
                verdict: "kept" | "broken" | "unchecked";
                /**
                 * @description Files that break the rule.
                 * @example []
                 */
                where: string[];
            }[];
            /**
             * @description Version of this format.
             * @example 1
             * @enum {number}
             */
            version: 1;
            /**
             * Format: uuid
             * @description Id of the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            videoId: string;
            /**
             * @description What was left out of the video, as in the video itself.
             * @default []
             * @example [
             *       {
             *         "code": "AUDIO_TRACK_SKIPPED",
             *         "detail": "Audio track 3 (tta) is not part of the video: its codec is not supported."
             *       }
             *     ]
             */
            warnings: {
                /**
                 * @description Stable code of what was left out.
                 * @example AUDIO_TRACK_SKIPPED
                 */
                code: string;
                /**
                 * @description The same as a sentence, with the track, the codec or the seconds.
                 * @example Audio track 3 (tta) is not part of the video: its codec is not supported.
                 */
                detail: string;
            }[];
        };
        PersonalData: {
            account: components["schemas"]["User"] & unknown;
            /** @description Its API keys. */
            apiKeys: components["schemas"]["ApiKey"][];
            /** @description What happened to it. */
            auditLog: components["schemas"]["AuditEntry"][];
            /**
             * Format: date-time
             * @description When the export was made (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            exportedAt: string;
            /** @description Its passkeys. */
            passkeys: components["schemas"]["Passkey"][];
            /** @description The playback keys of its personal project. */
            playbackKeys: {
                /**
                 * @description What the header `alg` of its tokens must be. ES256: ECDSA on P-256. EdDSA: Ed25519.
                 * @example ES256
                 * @enum {string}
                 */
                algorithm: "ES256" | "EdDSA";
                /**
                 * Format: date-time
                 * @description When it was registered (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                createdAt: string;
                /**
                 * Format: uuid
                 * @description Id of the key: `kid` or `iss` of its tokens.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                id: string;
                /**
                 * @description Name of the key; null without one.
                 * @example Web site
                 */
                name: string | null;
                /**
                 * Format: uuid
                 * @description Id of the account that registered the key.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                ownerId: string;
                /**
                 * Format: uuid
                 * @description Id of the project whose videos its tokens play.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                projectId: string;
                /**
                 * @description The public key: SPKI in PEM.
                 * @example -----BEGIN PUBLIC KEY-----
                 *     MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKZTxDUr3GgxRzgt29UMKBsUQcsSa
                 *     rkkzmdvlruPuObqnya4dWdaXGL2QKCEp1GdF6+gqmlP/8fophY9krYzEKA==
                 *     -----END PUBLIC KEY-----
                 */
                publicKey: string;
            }[];
            /** @description Its playback links. */
            playbackTokens: components["schemas"]["PlaybackTokenInfo"][];
            /** @description The projects of which it is a member. */
            projects: components["schemas"]["Project"][];
            /** @description Its sessions. */
            sessions: components["schemas"]["Session"][];
            /** @description The upload links of its personal project. */
            uploadLinks: components["schemas"]["UploadLink"][];
            /** @description The videos of its personal project. */
            videos: {
                /**
                 * @description Host names of the sites whose pages may play it; an empty list: all sites. null: as the project says, and for others than members of its project.
                 * @default null
                 * @example [
                 *       "example.com",
                 *       "*.example.com"
                 *     ]
                 */
                allowedDomains: string[] | null;
                /**
                 * @description The audio tracks, in the order that players show; empty for a silent video and before it is probed.
                 * @default []
                 * @example [
                 *       {
                 *         "id": "1",
                 *         "language": "de",
                 *         "name": "Deutsch",
                 *         "default": true,
                 *         "channels": 2,
                 *         "audioDescription": false,
                 *         "hidden": false,
                 *         "added": false,
                 *         "status": "ready"
                 *       },
                 *       {
                 *         "id": "2",
                 *         "language": "en",
                 *         "name": "English",
                 *         "default": false,
                 *         "channels": 6,
                 *         "audioDescription": false,
                 *         "hidden": false,
                 *         "added": false,
                 *         "status": "processing"
                 *       }
                 *     ]
                 */
                audioTracks: {
                    /**
                     * @description Whether its owner has added it; false for tracks of the source.
                     * @default false
                     * @example false
                     */
                    added: boolean;
                    /**
                     * @description Whether it describes the frames to people who do not see them.
                     * @example false
                     */
                    audioDescription: boolean;
                    /**
                     * @description Number of channels of the track in the source.
                     * @example 2
                     */
                    channels: number;
                    /**
                     * @description Whether players begin with it; true for one track.
                     * @example true
                     */
                    default: boolean;
                    /**
                     * @description Whether players are not offered it. Only members of the project see hidden tracks.
                     * @default false
                     * @example false
                     */
                    hidden: boolean;
                    /**
                     * @description Id of the track; unique within its video.
                     * @example 2
                     */
                    id: string;
                    /**
                     * @description Language in the canonical form of BCP 47; null if it is unknown.
                     * @example de
                     */
                    language: string | null;
                    /**
                     * @description What the menu of a player shows; unique within its video.
                     * @example Deutsch
                     */
                    name: string;
                    /**
                     * @description failed: it could not be processed, and the video does not have it.
                     * @example ready
                     * @enum {string}
                     */
                    status: "processing" | "ready" | "failed";
                }[];
                /**
                 * Format: date-time
                 * @description When it was created (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                createdAt: string;
                /**
                 * @description Description, of one or several lines.
                 * @example Two weeks at the lake
                 */
                description: string;
                /** @description Why processing failed; null unless status is failed. */
                error: {
                    /**
                     * @description Stable code of the cause.
                     * @example SOURCE_CORRUPT
                     */
                    code: string;
                    /**
                     * @description The cause as a sentence.
                     * @example The file is damaged, or it is not a video.
                     */
                    detail: string;
                } | null;
                /**
                 * Format: date-time
                 * @description When it is deleted (UTC); null if it is kept, and for others than members of its project.
                 * @default null
                 * @example 2026-11-30T06:00:00.000Z
                 */
                expiresAt: string | null;
                /**
                 * @description What your system calls it; unique in its project. Null without one, and for others than its members.
                 * @default null
                 * @example order-4711
                 */
                externalId: string | null;
                /**
                 * Format: uuid
                 * @description Id of the video.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                id: string;
                /**
                 * @description Whether others than the owner may watch the uploaded file until the first segments exist.
                 * @default false
                 * @example false
                 */
                instantPlayback: boolean;
                /**
                 * @description audio: its source has audio but no frames, except perhaps a cover. video: all others, and every video before it is probed.
                 * @default video
                 * @example video
                 * @enum {string}
                 */
                kind: "video" | "audio";
                /**
                 * @description What your system keeps with it: pairs of strings. Empty for others than members of its project.
                 * @default {}
                 * @example {
                 *       "customer": "42",
                 *       "plan": "gold"
                 *     }
                 */
                metadata: {
                    [key: string]: string;
                };
                /**
                 * Format: uuid
                 * @description Id of the account that created the video.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                ownerId: string;
                /**
                 * @description Whether it can be played now, possibly not yet in all renditions.
                 * @example true
                 */
                playable: boolean;
                progress: components["schemas"]["Progress"];
                /**
                 * Format: uuid
                 * @description Id of the project that owns the video; a personal project has the id of its account.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                projectId: string;
                /**
                 * Format: date-time
                 * @description When processing was complete (UTC); null before that.
                 * @example 2026-11-30T06:00:00.000Z
                 */
                readyAt: string | null;
                /** @description The video in each of its sizes; empty for the kind audio. */
                renditions: {
                    /**
                     * @description Average bits per second; null until it is measured.
                     * @example 2500000
                     */
                    bitrate: number | null;
                    /**
                     * @description Height in pixels.
                     * @example 720
                     */
                    height: number;
                    /**
                     * @description Name of the rendition, by its short side; with `-hevc` for the frames of an HEVC source.
                     * @example 720p
                     */
                    name: string;
                    /**
                     * @description failed: it was not ready when processing of the video failed; a retry continues it.
                     * @example ready
                     * @enum {string}
                     */
                    status: "processing" | "ready" | "failed";
                    /**
                     * @description Width in pixels.
                     * @example 1280
                     */
                    width: number;
                }[];
                /**
                 * @description A new source that is being processed while the video plays on, or that failed; null without one, once the video has it, and for others than members of its project.
                 * @default null
                 */
                replacement: {
                    /** @description Why the new source failed; null unless it did. */
                    error: {
                        /**
                         * @description Stable code of the cause.
                         * @example SOURCE_CORRUPT
                         */
                        code: string;
                        /**
                         * @description The cause as a sentence.
                         * @example The file is damaged, or it is not a video.
                         */
                        detail: string;
                    } | null;
                    /**
                     * @description Percent of the work that is done.
                     * @example 42.5
                     */
                    percent: number;
                    /**
                     * Format: date-time
                     * @description When all bytes of the new source were stored (UTC).
                     * @example 2026-11-30T06:00:00.000Z
                     */
                    startedAt: string;
                    /**
                     * @description processing: the video changes when the new source is ready. failed: the video stays as it was.
                     * @example processing
                     * @enum {string}
                     */
                    status: "processing" | "failed";
                } | null;
                /**
                 * @description Number of its version. Grows with each update by a member, not with the progress of processing.
                 * @default 1
                 * @example 3
                 */
                revision: number;
                /** @description The uploaded file; null before the upload is complete. */
                source: {
                    /**
                     * @description Audio codec; null without audio or before the file is probed.
                     * @example aac
                     */
                    audioCodec: string | null;
                    /**
                     * @description Size of the file in bytes.
                     * @example 73400320
                     */
                    bytes: number;
                    /**
                     * @description Container format as ffprobe names it; null before the file is probed.
                     * @example mov,mp4,m4a,3gp,3g2,mj2
                     */
                    container: string | null;
                    /**
                     * @description Duration in seconds; null before the file is probed.
                     * @example 182.4
                     */
                    durationSeconds: number | null;
                    /**
                     * @description File name that the client gave; null without one.
                     * @example holiday.mp4
                     */
                    filename: string | null;
                    /**
                     * @description Frames per second; null before the file is probed.
                     * @example 29.97
                     */
                    frameRate: number | null;
                    /**
                     * @description Height in pixels.
                     * @example 720
                     */
                    height: number | null;
                    /**
                     * Format: date-time
                     * @description When the file was removed (UTC), while the video plays on; null while it is stored.
                     * @default null
                     * @example 2026-11-30T06:00:00.000Z
                     */
                    removedAt: string | null;
                    /**
                     * @description SHA-256 of the file in hexadecimal.
                     * @example e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                     */
                    sha256: string;
                    /**
                     * @description Video codec; null before the file is probed.
                     * @example h264
                     */
                    videoCodec: string | null;
                    /**
                     * @description Width in pixels.
                     * @example 1280
                     */
                    width: number | null;
                } | null;
                /**
                 * Format: date-time
                 * @description When its source is removed (UTC), while the video plays on; null if the source is kept, for others than members of its project, and before the video is ready where days after that are counted.
                 * @default null
                 * @example 2026-11-30T06:00:00.000Z
                 */
                sourceExpiresAt: string | null;
                /**
                 * @description How far the video has come: awaiting_upload, uploaded, processing, ready or failed.
                 * @example ready
                 * @enum {string}
                 */
                status: "awaiting_upload" | "uploaded" | "processing" | "ready" | "failed";
                /**
                 * @description Words to find the video by.
                 * @example [
                 *       "holiday",
                 *       "lake"
                 *     ]
                 */
                tags: string[];
                /**
                 * @description Title, on one line.
                 * @example Holiday 2026
                 */
                title: string;
                /**
                 * Format: date-time
                 * @description When it was last changed (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                updatedAt: string;
                /**
                 * @description private: only members of its project and holders of a link. unlisted: everybody who knows the id. public: everybody.
                 * @example private
                 * @enum {string}
                 */
                visibility: "private" | "unlisted" | "public";
                /**
                 * @description What was left out of the video although it did not fail: tracks, seconds, frames. Empty for viewers who are not members of its project.
                 * @default []
                 * @example [
                 *       {
                 *         "code": "AUDIO_TRACK_SKIPPED",
                 *         "detail": "Audio track 3 (tta) is not part of the video: its codec is not supported."
                 *       }
                 *     ]
                 */
                warnings: {
                    /**
                     * @description Stable code of what was left out.
                     * @example AUDIO_TRACK_SKIPPED
                     */
                    code: string;
                    /**
                     * @description The same as a sentence, with the track, the codec or the seconds.
                     * @example Audio track 3 (tta) is not part of the video: its codec is not supported.
                     */
                    detail: string;
                }[];
            }[];
            /** @description Its webhooks. */
            webhooks: components["schemas"]["Webhook"][];
        };
        PlaybackToken: {
            /**
             * Format: date-time
             * @description When it expires (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string;
            /**
             * @description Address of the HLS master playlist; for a private video it carries a short-lived token. Until the video is `playable` it answers 409.
             * @example https://video.example.org/play/abc/master.m3u8
             */
            hlsUrl: string;
            /**
             * Format: uuid
             * @description Id of the link, to revoke it by.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description Address of the poster; null until there is one.
             * @example https://video.example.org/play/abc/poster.jpg
             */
            posterUrl: string | null;
            /**
             * @description Address of the storyboard (WebVTT); null until there is one.
             * @example https://video.example.org/play/abc/storyboard.vtt
             */
            storyboardUrl: string | null;
            /**
             * @description The playback token, which replaces the id of the video in playback addresses.
             * @example abc
             */
            token: string;
            /**
             * @description Address of the waveform (PNG) of a video of the kind audio; null for others, and until there is one.
             * @default null
             * @example null
             */
            waveformUrl: string | null;
        };
        PlaybackTokenInfo: {
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it expires (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string;
            /**
             * Format: uuid
             * @description Id of the link.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * Format: date-time
             * @description When the link was revoked (UTC); null if it was not.
             * @example 2026-11-30T06:00:00.000Z
             */
            revokedAt: string | null;
            /**
             * Format: uuid
             * @description Id of the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            videoId: string;
        };
        Problem: {
            /**
             * @description Stable code to branch on.
             * @example VALIDATION_FAILED
             * @enum {string}
             */
            code: "BAD_REQUEST" | "MALFORMED_JSON" | "VALIDATION_FAILED" | "BODY_TOO_LARGE" | "UNSUPPORTED_MEDIA_TYPE" | "ROUTE_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "RANGE_NOT_SATISFIABLE" | "REQUEST_TIMEOUT" | "HEADERS_TOO_LARGE" | "RATE_LIMITED" | "BANDWIDTH_LIMITED" | "CONCURRENCY_LIMITED" | "IDEMPOTENCY_KEY_REUSED" | "IDEMPOTENCY_KEY_IN_USE" | "UNAUTHENTICATED" | "TOKEN_INVALID" | "TOKEN_EXPIRED" | "TOKEN_REVOKED" | "KEY_RETIRED" | "KEY_NOT_FOUND" | "KEY_TOO_NEW" | "AUDIT_CHAIN_BROKEN" | "FORBIDDEN" | "INVALID_CREDENTIALS" | "EMAIL_NOT_VERIFIED" | "MAIL_TOKEN_INVALID" | "REGISTRATION_CLOSED" | "INVITE_INVALID" | "INVITE_NOT_FOUND" | "EMAIL_TAKEN" | "PASSWORD_UNACCEPTABLE" | "PASSWORD_WRONG" | "PASSWORD_CHANGED" | "ACCOUNT_DISABLED" | "ACCOUNT_ERASED" | "REFRESH_INVALID" | "REFRESH_EXPIRED" | "REFRESH_REUSED" | "REFRESH_TRANSPORT_MISMATCH" | "ORIGIN_NOT_ALLOWED" | "CSRF_FAILED" | "SESSION_REVOKED" | "LAST_ADMIN" | "SESSION_NOT_FOUND" | "USER_NOT_FOUND" | "OWN_ACCOUNT" | "REAUTHENTICATION_REQUIRED" | "MFA_ALREADY_ENABLED" | "MFA_NOT_ENABLED" | "TOTP_SETUP_NOT_FOUND" | "MFA_CODE_INVALID" | "MFA_CODE_WRONG" | "MFA_CODE_REQUIRED" | "MFA_TOKEN_INVALID" | "MFA_TOKEN_EXPIRED" | "MFA_TOKEN_EXHAUSTED" | "MFA_LOCKED" | "EVENTS_TOKEN_INVALID" | "API_KEY_INVALID" | "API_KEY_EXPIRED" | "API_KEY_REVOKED" | "API_KEY_NOT_ACCEPTED" | "API_KEY_NOT_FOUND" | "API_KEY_LIMIT_REACHED" | "INSUFFICIENT_SCOPE" | "PROJECT_NOT_FOUND" | "PROJECT_CHANGED" | "PROJECT_IS_PERSONAL" | "PROJECT_LIMIT_REACHED" | "MEMBER_NOT_FOUND" | "MEMBER_EXISTS" | "MEMBER_LIMIT_REACHED" | "LAST_OWNER" | "SERVICE_ACCOUNT_NOT_FOUND" | "PASSKEY_CHALLENGE_INVALID" | "PASSKEY_UNACCEPTABLE" | "PASSKEY_LIMIT_REACHED" | "PASSKEY_NOT_FOUND" | "PASSKEY_INVALID" | "TOO_BUSY" | "VIDEO_NOT_FOUND" | "VIDEO_CHANGED" | "EXTERNAL_ID_TAKEN" | "SOURCE_ALREADY_UPLOADED" | "REPLACEMENT_IN_PROGRESS" | "VIDEO_LIMIT_REACHED" | "UPLOAD_LIMIT_REACHED" | "UPLOAD_TOO_LARGE" | "UPLOAD_INCOMPLETE" | "UPLOAD_NOT_FOUND" | "UPLOAD_EXPIRED" | "UPLOAD_OFFSET_MISMATCH" | "UPLOAD_COMPLETED" | "UPLOAD_LENGTH_INCONSISTENT" | "UPLOAD_SUPERSEDED" | "TUS_VERSION_UNSUPPORTED" | "QUOTA_EXCEEDED" | "UPLOAD_LINK_NOT_FOUND" | "UPLOAD_LINK_EXPIRED" | "UPLOAD_LINK_REVOKED" | "UPLOAD_LINK_USED_UP" | "UPLOAD_LINK_LIMIT_REACHED" | "UPLOAD_LINK_ORIGIN_NOT_ALLOWED" | "UPLOAD_EMPTY" | "SOURCE_TYPE_UNSUPPORTED" | "INSTALLATION_MISMATCH" | "STORAGE_FULL" | "AUDIO_TRACK_NOT_FOUND" | "AUDIO_TRACK_OF_SOURCE" | "AUDIO_TRACK_LIMIT_REACHED" | "RENDITION_NOT_FOUND" | "NOTHING_TO_RETRY" | "CAPTIONS_INVALID" | "CAPTIONS_NOT_FOUND" | "CAPTIONS_LIMIT_REACHED" | "WATERMARK_INVALID" | "WATERMARK_NOT_FOUND" | "WATERMARK_TOO_LATE" | "VIDEO_NOT_READY" | "VIDEO_WITHOUT_FRAMES" | "DOWNLOAD_DENIED" | "DOWNLOAD_FAILED" | "SOURCE_NOT_FOUND" | "SOURCE_REMOVED" | "SOURCE_NOT_PLAYABLE" | "FRAME_NOT_FOUND" | "STILL_NOT_READY" | "STILL_FAILED" | "STILL_LIMIT_REACHED" | "PLAYBACK_NOT_READY" | "PASSPORT_NOT_READY" | "PLAYBACK_DENIED" | "PLAYBACK_DOMAIN_NOT_ALLOWED" | "PLAYBACK_LINK_LIMIT_REACHED" | "PLAYBACK_TOKEN_NOT_FOUND" | "PLAYBACK_KEY_NOT_FOUND" | "PLAYBACK_KEY_LIMIT_REACHED" | "FILE_NOT_FOUND" | "TASK_LOG_NOT_FOUND" | "PARKED_NOT_FOUND" | "PARKED_UNREADABLE" | "TASK_GONE" | "WEBHOOK_NOT_FOUND" | "WEBHOOK_LIMIT_REACHED" | "WEBHOOK_DISABLED" | "WEBHOOK_TESTS_PENDING" | "WEBHOOK_DELIVERY_NOT_FOUND" | "NOT_SENT" | "NO_RESPONDER" | "QUEUE_FULL" | "CIRCUIT_OPEN" | "CONNECTION_LOST" | "TIMEOUT" | "POISON" | "DEPENDENCY_UNAVAILABLE" | "INTERNAL";
            /**
             * @description What went wrong in this request.
             * @example title: Too small
             */
            detail: string;
            /** @description Every field that is wrong. */
            errors?: {
                /**
                 * @description What is wrong with it.
                 * @example Too small
                 */
                message: string;
                /**
                 * @description Field, with dots between levels.
                 * @example title
                 */
                path: string;
            }[];
            /**
             * @description Bytes of the upload that are stored, where it continues.
             * @example 12500000
             */
            "expected-offset"?: number;
            /**
             * @description Most bytes that a file may have.
             * @example 104857600
             */
            "max-size"?: number;
            /**
             * @description Offset in bytes that the request gave.
             * @example 25000000
             */
            "provided-offset"?: number;
            /**
             * @description Id of the request, as in its `X-Request-Id` header.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            requestId: string;
            /**
             * @description True if the same request may succeed later.
             * @example true
             */
            retryable?: boolean;
            /**
             * @description Milliseconds to wait before the next try.
             * @example 1000
             */
            retryAfterMs?: number;
            /**
             * @description HTTP status.
             * @example 400
             */
            status: number;
            /**
             * @description What the code means.
             * @example The request does not have the required shape
             */
            title: string;
            /**
             * @description Address of the page that explains the code, its usual cause and what to do; for resumable uploads a type that is registered with IANA.
             * @example https://video.example.org/docs/problems#VALIDATION_FAILED
             */
            type: string;
        };
        /** @description How far processing has come. */
        Progress: {
            /**
             * @description Estimated seconds until the video is ready; null if unknown.
             * @default null
             * @example 95
             */
            etaSeconds: number | null;
            /**
             * @description Percent of the work that is done.
             * @example 42.5
             */
            percent: number;
            /**
             * @description What is being done now.
             * @example transcoding
             * @enum {string}
             */
            stage: "waiting" | "probing" | "transcoding" | "finalising" | "done";
        };
        /** @description A project: what owns videos, webhooks and API keys */
        Project: {
            /**
             * @description Host names of the sites whose pages may play the videos of the project, up to 50, each for all of its ports; `*.example.com` is every name below `example.com`. An empty list: all sites. A video may have a list of its own
             * @default []
             * @example [
             *       "example.com",
             *       "*.example.com"
             *     ]
             */
            allowedDomains: string[];
            /**
             * Format: date-time
             * @description Time of creation, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * Format: uuid
             * @description Id of the project
             * @example 0197a1f0-4b2e-7a90-8d11-7c3f5e0a9b24
             */
            id: string;
            /**
             * @description Name of the project, 1 to 100 characters without control characters
             * @example Marketing
             */
            name: string;
            /**
             * @description Whether it is the personal project of an account: it has the id of the account and no other members
             * @example false
             */
            personal: boolean;
            /**
             * @description Number of its version, for `If-Match`; grows with each update
             * @default 1
             * @example 3
             */
            revision: number;
            /**
             * @description Role of the caller in the project; null for operators, who are no members
             * @example owner
             * @enum {string|null}
             */
            role: "viewer" | "editor" | "admin" | "owner" | null;
        };
        /** @description An invitation to a project that is neither used nor expired */
        ProjectInvitation: {
            /**
             * Format: date-time
             * @description Time of creation, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
            /**
             * Format: date-time
             * @description Time the invitation expires, ISO 8601 UTC: 7 days after its creation
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string;
            /**
             * Format: uuid
             * @description Id of the invitation
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the project
             * @example 0197a1f0-4b2e-7a90-8d11-7c3f5e0a9b24
             */
            projectId: string;
            /**
             * @description What a member may do: `viewer` reads and plays, `editor` also uploads, changes and shares, `admin` also manages API keys, webhooks and members, `owner` also deletes the project and hands it over
             * @example editor
             * @enum {string}
             */
            role: "viewer" | "editor" | "admin" | "owner";
        };
        /** @description A page of invitations */
        ProjectInvitationPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["ProjectInvitation"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        /** @description A page of projects */
        ProjectPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Project"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        PutCaptions: {
            /**
             * @description Whether an engine made them from the audio; captions that somebody puts replace them.
             * @example false
             */
            automatic: boolean;
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * @description Number of cues.
             * @example 312
             */
            cues: number;
            /**
             * @description Whether they have only what viewers need although they understand the audio.
             * @example false
             */
            forced: boolean;
            /**
             * @description Whether they were taken from a subtitle track of the source.
             * @example false
             */
            fromSource: boolean;
            /**
             * @description What the menu of a player shows.
             * @example Português
             */
            label: string;
            /**
             * @description Language in the canonical form of BCP 47.
             * @example pt-BR
             */
            lang: string;
            /**
             * @description Whether they also describe sounds, for people who do not hear them.
             * @example false
             */
            sdh: boolean;
            /**
             * @description How the file was understood, where that is not certain or not as written. Not stored.
             * @default []
             * @example [
             *       {
             *         "code": "CAPTIONS_ENCODING",
             *         "detail": "The file is not in UTF-8. It was read as Windows-1251."
             *       }
             *     ]
             */
            warnings: {
                /**
                 * @description Stable code of what was left out.
                 * @example AUDIO_TRACK_SKIPPED
                 */
                code: string;
                /**
                 * @description The same as a sentence, with the track, the codec or the seconds.
                 * @example Audio track 3 (tta) is not part of the video: its codec is not supported.
                 */
                detail: string;
            }[];
        };
        PutChapters: {
            /** @description The chapters, each starting later than the one before. */
            chapters: {
                /**
                 * @description Start in seconds.
                 * @example 93.5
                 */
                start: number;
                /**
                 * @description Title of the chapter.
                 * @example At the lake
                 */
                title: string;
            }[];
        };
        Readiness: {
            /** @description Result of each check, by name. */
            checks?: {
                [key: string]: {
                    /** @description Details of the check. */
                    detail?: {
                        [key: string]: unknown;
                    };
                    /**
                     * @description Whether it works.
                     * @example true
                     */
                    ok: boolean;
                };
            };
            /**
             * @description Whether the gateway is shutting down.
             * @example false
             */
            draining?: boolean;
            /** @description How the address of this client was determined. */
            proxy?: {
                /** @description The client as the gateway sees it. */
                client: {
                    /**
                     * @description Address of the client.
                     * @example 203.0.113.7
                     */
                    address: string;
                    /**
                     * @description What the address was taken from.
                     * @example connection
                     * @enum {string}
                     */
                    decidedBy: "x-forwarded-for" | "connection";
                    /**
                     * @description The X-Forwarded-For header; null without one.
                     * @example 203.0.113.7
                     */
                    forwardedFor: string | null;
                    /**
                     * @description Address of the other end of the connection.
                     * @example 203.0.113.7
                     */
                    peer: string;
                };
                /**
                 * @description Proxies whose header is trusted.
                 * @example [
                 *       "loopback"
                 *     ]
                 */
                trustedProxies: string[];
                /** @description What is wrong with the proxy settings. */
                warnings: {
                    /**
                     * @description Code of the warning.
                     * @example SPOOFABLE
                     * @enum {string}
                     */
                    code: "SPOOFABLE" | "FORWARDED_FOR_IGNORED" | "ONE_ADDRESS";
                    /**
                     * @description The warning as a sentence.
                     * @example Anybody can set the header.
                     */
                    detail: string;
                }[];
            };
            /**
             * @description Whether the gateway can do its work.
             * @example true
             */
            ready: boolean;
            /**
             * @description The version of Kinora.
             * @example 0.2.0
             */
            version?: string;
        };
        /** @description New recovery codes */
        RecoveryCodes: {
            /**
             * @description Ten recovery codes; each works once. Only their hashes are stored, so they cannot be shown again.
             * @example [
             *       "XXXX-XXXX-XXXX-XXXX-XXXX-XXXX"
             *     ]
             */
            recoveryCodes: string[];
        };
        Refresh: {
            /**
             * @description Latest refresh token of the session, at most 256 characters
             * @example example-refresh-token
             */
            refreshToken?: string;
        };
        RefreshResult: components["schemas"]["SignedIn"] | components["schemas"]["SignedInByCookie"];
        Register: {
            /**
             * @description Name shown to people, 1 to 100 characters without control characters. Surrounding spaces are removed.
             * @example Ann Example
             */
            displayName?: string;
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
            /**
             * @description Token of an invitation for this address, at most 256 characters. Some installations require one.
             * @example example-invite-token
             */
            invite?: string;
            /**
             * @description New password, 8 to 256 characters. Common passwords are refused, and the installation may require more than 8 characters.
             * @example an example passphrase
             */
            password: string;
        };
        RegisterResult: components["schemas"]["SignedIn"] | components["schemas"]["VerificationRequired"] | components["schemas"]["SignedInByCookie"];
        RenewRecoveryCodes: {
            /**
             * @description Code of the authenticator app, or an unused recovery code, at most 64 characters
             * @example 123456
             */
            code: string;
            /**
             * @description Current password of the account, at most 256 characters
             * @example an example passphrase
             */
            password: string;
        };
        ResendVerification: {
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
        };
        ResetPassword: {
            /**
             * @description New password, 8 to 256 characters. Common passwords are refused, and the installation may require more than 8 characters.
             * @example an example passphrase
             */
            password: string;
            /**
             * @description True also removes all passkeys of the account. They remain if omitted.
             * @example true
             */
            removePasskeys?: boolean;
            /**
             * @description True also revokes all API keys of the account. They remain valid if omitted.
             * @example true
             */
            revokeApiKeys?: boolean;
            /**
             * @description Token from the link in the email, at most 256 characters. It works once.
             * @example example-mail-token
             */
            token: string;
        };
        RetryAnyVideoResult: {
            /**
             * @description Host names of the sites whose pages may play it; an empty list: all sites. null: as the project says, and for others than members of its project.
             * @default null
             * @example [
             *       "example.com",
             *       "*.example.com"
             *     ]
             */
            allowedDomains: string[] | null;
            /**
             * @description The audio tracks, in the order that players show; empty for a silent video and before it is probed.
             * @default []
             * @example [
             *       {
             *         "id": "1",
             *         "language": "de",
             *         "name": "Deutsch",
             *         "default": true,
             *         "channels": 2,
             *         "audioDescription": false,
             *         "hidden": false,
             *         "added": false,
             *         "status": "ready"
             *       },
             *       {
             *         "id": "2",
             *         "language": "en",
             *         "name": "English",
             *         "default": false,
             *         "channels": 6,
             *         "audioDescription": false,
             *         "hidden": false,
             *         "added": false,
             *         "status": "processing"
             *       }
             *     ]
             */
            audioTracks: {
                /**
                 * @description Whether its owner has added it; false for tracks of the source.
                 * @default false
                 * @example false
                 */
                added: boolean;
                /**
                 * @description Whether it describes the frames to people who do not see them.
                 * @example false
                 */
                audioDescription: boolean;
                /**
                 * @description Number of channels of the track in the source.
                 * @example 2
                 */
                channels: number;
                /**
                 * @description Whether players begin with it; true for one track.
                 * @example true
                 */
                default: boolean;
                /**
                 * @description Whether players are not offered it. Only members of the project see hidden tracks.
                 * @default false
                 * @example false
                 */
                hidden: boolean;
                /**
                 * @description Id of the track; unique within its video.
                 * @example 2
                 */
                id: string;
                /**
                 * @description Language in the canonical form of BCP 47; null if it is unknown.
                 * @example de
                 */
                language: string | null;
                /**
                 * @description What the menu of a player shows; unique within its video.
                 * @example Deutsch
                 */
                name: string;
                /**
                 * @description failed: it could not be processed, and the video does not have it.
                 * @example ready
                 * @enum {string}
                 */
                status: "processing" | "ready" | "failed";
            }[];
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * @description Description, of one or several lines.
             * @example Two weeks at the lake
             */
            description: string;
            /** @description Why processing failed; null unless status is failed. */
            error: {
                /**
                 * @description Stable code of the cause.
                 * @example SOURCE_CORRUPT
                 */
                code: string;
                /**
                 * @description The cause as a sentence.
                 * @example The file is damaged, or it is not a video.
                 */
                detail: string;
            } | null;
            /**
             * Format: date-time
             * @description When it is deleted (UTC); null if it is kept, and for others than members of its project.
             * @default null
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string | null;
            /**
             * @description What your system calls it; unique in its project. Null without one, and for others than its members.
             * @default null
             * @example order-4711
             */
            externalId: string | null;
            /**
             * Format: uuid
             * @description Id of the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description Whether others than the owner may watch the uploaded file until the first segments exist.
             * @default false
             * @example false
             */
            instantPlayback: boolean;
            /**
             * @description audio: its source has audio but no frames, except perhaps a cover. video: all others, and every video before it is probed.
             * @default video
             * @example video
             * @enum {string}
             */
            kind: "video" | "audio";
            /**
             * @description What your system keeps with it: pairs of strings. Empty for others than members of its project.
             * @default {}
             * @example {
             *       "customer": "42",
             *       "plan": "gold"
             *     }
             */
            metadata: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @description Id of the account that created the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * @description Whether it can be played now, possibly not yet in all renditions.
             * @example true
             */
            playable: boolean;
            progress: components["schemas"]["Progress"];
            /**
             * Format: uuid
             * @description Id of the project that owns the video; a personal project has the id of its account.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * Format: date-time
             * @description When processing was complete (UTC); null before that.
             * @example 2026-11-30T06:00:00.000Z
             */
            readyAt: string | null;
            /** @description The video in each of its sizes; empty for the kind audio. */
            renditions: {
                /**
                 * @description Average bits per second; null until it is measured.
                 * @example 2500000
                 */
                bitrate: number | null;
                /**
                 * @description Height in pixels.
                 * @example 720
                 */
                height: number;
                /**
                 * @description Name of the rendition, by its short side; with `-hevc` for the frames of an HEVC source.
                 * @example 720p
                 */
                name: string;
                /**
                 * @description failed: it was not ready when processing of the video failed; a retry continues it.
                 * @example ready
                 * @enum {string}
                 */
                status: "processing" | "ready" | "failed";
                /**
                 * @description Width in pixels.
                 * @example 1280
                 */
                width: number;
            }[];
            /**
             * @description A new source that is being processed while the video plays on, or that failed; null without one, once the video has it, and for others than members of its project.
             * @default null
             */
            replacement: {
                /** @description Why the new source failed; null unless it did. */
                error: {
                    /**
                     * @description Stable code of the cause.
                     * @example SOURCE_CORRUPT
                     */
                    code: string;
                    /**
                     * @description The cause as a sentence.
                     * @example The file is damaged, or it is not a video.
                     */
                    detail: string;
                } | null;
                /**
                 * @description Percent of the work that is done.
                 * @example 42.5
                 */
                percent: number;
                /**
                 * Format: date-time
                 * @description When all bytes of the new source were stored (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                startedAt: string;
                /**
                 * @description processing: the video changes when the new source is ready. failed: the video stays as it was.
                 * @example processing
                 * @enum {string}
                 */
                status: "processing" | "failed";
            } | null;
            /**
             * @description Number of its version. Grows with each update by a member, not with the progress of processing.
             * @default 1
             * @example 3
             */
            revision: number;
            /** @description The uploaded file; null before the upload is complete. */
            source: {
                /**
                 * @description Audio codec; null without audio or before the file is probed.
                 * @example aac
                 */
                audioCodec: string | null;
                /**
                 * @description Size of the file in bytes.
                 * @example 73400320
                 */
                bytes: number;
                /**
                 * @description Container format as ffprobe names it; null before the file is probed.
                 * @example mov,mp4,m4a,3gp,3g2,mj2
                 */
                container: string | null;
                /**
                 * @description Duration in seconds; null before the file is probed.
                 * @example 182.4
                 */
                durationSeconds: number | null;
                /**
                 * @description File name that the client gave; null without one.
                 * @example holiday.mp4
                 */
                filename: string | null;
                /**
                 * @description Frames per second; null before the file is probed.
                 * @example 29.97
                 */
                frameRate: number | null;
                /**
                 * @description Height in pixels.
                 * @example 720
                 */
                height: number | null;
                /**
                 * Format: date-time
                 * @description When the file was removed (UTC), while the video plays on; null while it is stored.
                 * @default null
                 * @example 2026-11-30T06:00:00.000Z
                 */
                removedAt: string | null;
                /**
                 * @description SHA-256 of the file in hexadecimal.
                 * @example e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                 */
                sha256: string;
                /**
                 * @description Video codec; null before the file is probed.
                 * @example h264
                 */
                videoCodec: string | null;
                /**
                 * @description Width in pixels.
                 * @example 1280
                 */
                width: number | null;
            } | null;
            /**
             * Format: date-time
             * @description When its source is removed (UTC), while the video plays on; null if the source is kept, for others than members of its project, and before the video is ready where days after that are counted.
             * @default null
             * @example 2026-11-30T06:00:00.000Z
             */
            sourceExpiresAt: string | null;
            /**
             * @description How far the video has come: awaiting_upload, uploaded, processing, ready or failed.
             * @example ready
             * @enum {string}
             */
            status: "awaiting_upload" | "uploaded" | "processing" | "ready" | "failed";
            /**
             * @description Words to find the video by.
             * @example [
             *       "holiday",
             *       "lake"
             *     ]
             */
            tags: string[];
            /**
             * @description Title, on one line.
             * @example Holiday 2026
             */
            title: string;
            /**
             * Format: date-time
             * @description When it was last changed (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            updatedAt: string;
            /**
             * @description private: only members of its project and holders of a link. unlisted: everybody who knows the id. public: everybody.
             * @example private
             * @enum {string}
             */
            visibility: "private" | "unlisted" | "public";
            /**
             * @description What was left out of the video although it did not fail: tracks, seconds, frames. Empty for viewers who are not members of its project.
             * @default []
             * @example [
             *       {
             *         "code": "AUDIO_TRACK_SKIPPED",
             *         "detail": "Audio track 3 (tta) is not part of the video: its codec is not supported."
             *       }
             *     ]
             */
            warnings: {
                /**
                 * @description Stable code of what was left out.
                 * @example AUDIO_TRACK_SKIPPED
                 */
                code: string;
                /**
                 * @description The same as a sentence, with the track, the codec or the seconds.
                 * @example Audio track 3 (tta) is not part of the video: its codec is not supported.
                 */
                detail: string;
            }[];
        };
        RetryVideo: {
            /**
             * @description Retry only this rendition, by its name.
             * @example 720p
             */
            rendition?: string;
        };
        RevokeDeliveryResult: {
            /**
             * @description Value of Cache-Tag and Surrogate-Key of all its files, to purge caches by.
             * @example video-01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            cacheTag: string;
            /**
             * Format: date-time
             * @description When it was revoked (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            revokedAt: string;
        };
        RevokeUserSessions: {
            /**
             * @description True also revokes all API keys of the account. They remain valid if omitted.
             * @example true
             */
            revokeApiKeys?: boolean;
        };
        /** @description A place where an account is signed in */
        Session: {
            /**
             * Format: date-time
             * @description Time of the sign-in, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * @description True for the session that makes this request
             * @example true
             */
            current: boolean;
            /**
             * Format: date-time
             * @description Time the session ends unless it is refreshed before, ISO 8601 UTC
             * @example 2026-01-23T18:05:12.000Z
             */
            expiresAt: string;
            /**
             * Format: uuid
             * @description Id of the session
             * @example 0197a1e0-1f34-7b21-8c66-52d0e9b3a7f4
             */
            id: string;
            /**
             * @description IP address of the last refresh or sign-in; null if unknown
             * @example 203.0.113.7
             */
            ip: string | null;
            /**
             * Format: date-time
             * @description Time of the last refresh, or of the sign-in before any refresh, ISO 8601 UTC
             * @example 2026-01-16T18:05:12.000Z
             */
            lastUsedAt: string;
            /**
             * @description User-Agent header of the last refresh or sign-in; null if unknown
             * @example Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0
             */
            userAgent: string | null;
        };
        /** @description A page of sessions */
        SessionPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Session"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        SetUpTotp: {
            /**
             * @description Current password of the account, at most 256 characters. Required more than 15 minutes after the sign-in.
             * @example an example passphrase
             */
            password?: string;
        };
        /** @description Tokens of a session and its account, as RFC 6749 section 5.1 in camelCase */
        SignedIn: {
            /**
             * @description JWT to send as `Authorization: Bearer`, valid for `expiresIn` seconds
             * @example example-access-token
             */
            accessToken: string;
            /**
             * @description Token that tells this client from others at its next sign-in, so that wrong passwords tried elsewhere do not keep it out. Sent after a sign-in, not after a refresh; valid for a year or until the password changes. It signs nobody in.
             * @example example-device-token
             */
            deviceToken?: string;
            /**
             * @description Seconds until the access token expires
             * @example 900
             */
            expiresIn: number;
            /**
             * @description Seconds until the refresh token expires
             * @example 604800
             */
            refreshExpiresIn: number;
            /**
             * @description Token to exchange for new tokens. Each refresh replaces it.
             * @example example-refresh-token
             */
            refreshToken: string;
            /**
             * @description Type of the access token
             * @example Bearer
             * @enum {string}
             */
            tokenType: "Bearer";
            user: components["schemas"]["User"];
        };
        SignedInByCookie: {
            /**
             * @description JWT to send as `Authorization: Bearer`, valid for `expiresIn` seconds
             * @example example-access-token
             */
            accessToken: string;
            /**
             * @description Send it as X-CSRF-Token with the session cookie.
             * @example 3kTMd1Qx7w
             */
            csrfToken: string;
            /**
             * @description Seconds until the access token expires
             * @example 900
             */
            expiresIn: number;
            /**
             * @description Seconds until the refresh token expires
             * @example 604800
             */
            refreshExpiresIn: number;
            /**
             * @description Type of the access token
             * @example Bearer
             * @enum {string}
             */
            tokenType: "Bearer";
            user: components["schemas"]["User"];
        };
        SourceEvent: {
            /**
             * Format: date-time
             * @description When it happened (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            at: string;
            /**
             * @description The same as a sentence.
             * @example The source (73400320 bytes) was removed.
             */
            detail: string;
            /**
             * @description removed: at the end of its retention. restored: by an operator, from quarantine. replacing: a new source arrived. replaced: the video has it. replacement_failed: the video stays as it was.
             * @example removed
             * @enum {string}
             */
            event: "removed" | "restored" | "replacing" | "replaced" | "replacement_failed";
        };
        Task: {
            /**
             * @description Number of the attempt, from 1.
             * @example 1
             */
            attempt: number;
            /** @description Why the last attempt failed; null if it did not. */
            cause: {
                /**
                 * @description input: the file is at fault. host: the system is. memory: the memory limit was reached.
                 * @example input
                 * @enum {string}
                 */
                class: "input" | "host" | "memory";
                /**
                 * @description Stable code of the cause.
                 * @example SOURCE_CORRUPT
                 */
                code: string;
                /**
                 * @description The cause as a sentence.
                 * @example The file is damaged.
                 */
                detail: string;
            } | null;
            /**
             * Format: uuid
             * @description Id of the task.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description Kind of task.
             * @example video
             */
            kind: string;
            /**
             * @description Which task of its kind, for people.
             * @example video 720p 1/4
             */
            label: string;
            /**
             * Format: date-time
             * @description If the worker sends nothing until then, another gets the task (UTC); null unless it runs.
             * @example 2026-11-30T06:00:00.000Z
             */
            leaseUntil: string | null;
            /**
             * Format: uuid
             * @description Id of the account that owns the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * @description Percent of the task that is done.
             * @example 40
             */
            percent: number;
            /**
             * Format: date-time
             * @description When work first began (UTC); null before that.
             * @example 2026-11-30T06:00:00.000Z
             */
            startedAt: string | null;
            /**
             * @description How far the task has come.
             * @example running
             * @enum {string}
             */
            status: "waiting" | "queued" | "running" | "done" | "failed" | "cancelled";
            /**
             * Format: uuid
             * @description Id of the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            videoId: string;
            /**
             * @description Worker that has the task or had it last; null before the first.
             * @example worker-1
             */
            worker: string | null;
        };
        TaskPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Task"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        Timeline: {
            /** @description The entries of this page. */
            items: components["schemas"]["TimelineEntry"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
            /**
             * @description What became of its source after it was ready, the last 20 events, oldest first.
             * @default []
             */
            source: components["schemas"]["SourceEvent"][];
            /** @description Tasks that do not run yet, in the order of work. */
            waiting: components["schemas"]["WaitingTask"][];
            /**
             * @description What the tasks left out of the video, in the order in which they reported it.
             * @default []
             * @example [
             *       {
             *         "code": "AUDIO_TRACK_SKIPPED",
             *         "detail": "Audio track 3 (tta) is not part of the video: its codec is not supported."
             *       }
             *     ]
             */
            warnings: {
                /**
                 * @description Stable code of what was left out.
                 * @example AUDIO_TRACK_SKIPPED
                 */
                code: string;
                /**
                 * @description The same as a sentence, with the track, the codec or the seconds.
                 * @example Audio track 3 (tta) is not part of the video: its codec is not supported.
                 */
                detail: string;
            }[];
        };
        TimelineEntry: {
            /**
             * @description Number of the attempt, from 1.
             * @example 1
             */
            attempt: number;
            /** @description Why the attempt failed; null if it did not. */
            cause: {
                /**
                 * @description Stable code of the cause.
                 * @example SOURCE_CORRUPT
                 */
                code: string;
                /**
                 * @description The cause as a sentence.
                 * @example The file is damaged, or it is not a video.
                 */
                detail: string;
            } | null;
            /**
             * Format: date-time
             * @description When the attempt ended (UTC); null before that.
             * @example 2026-11-30T06:00:00.000Z
             */
            endedAt: string | null;
            /**
             * @description Whether the output of its tools can be read.
             * @example true
             */
            hasLog: boolean;
            /**
             * @description Kind of task.
             * @example video
             */
            kind: string;
            /**
             * @description Which task of its kind, for people.
             * @example video 720p 1/4
             */
            label: string;
            /**
             * Format: date-time
             * @description When the attempt was queued (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            queuedAt: string;
            /**
             * Format: date-time
             * @description When a worker started (UTC); null before that.
             * @example 2026-11-30T06:00:00.000Z
             */
            startedAt: string | null;
            /**
             * @description What became of the attempt.
             * @example done
             * @enum {string}
             */
            state: "queued" | "running" | "done" | "failed" | "lost" | "released";
            /**
             * Format: uuid
             * @description Id of the task.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            taskId: string;
            /**
             * @description Name of the worker; null before one has taken the task.
             * @example worker-1
             */
            worker: string | null;
        };
        /** @description What an authenticator app needs */
        TotpSetup: {
            /**
             * @description The same as a URL that opens the app: SHA-1, 6 digits, 30 seconds
             * @example otpauth://totp/Kinora:ann%40example.com?secret=EXAMPLE&issuer=Kinora
             */
            otpauthUrl: string;
            /**
             * @description The same URL as a QR code: an SVG document
             * @example <svg xmlns="http://www.w3.org/2000/svg"></svg>
             */
            qrSvg: string;
            /**
             * @description Secret to type into the app, base32, 160 bits. It must be confirmed within 15 minutes.
             * @example EXAMPLE
             */
            secret: string;
        };
        UpdateAudioTrack: {
            /**
             * @description Whether players are not offered it; not for the default track.
             * @example false
             */
            hidden?: boolean;
            /**
             * @description Language tag (BCP 47); null if it is unknown.
             * @example en
             */
            language?: string | null;
            /**
             * @description What the menu of a player shows; unique within its video.
             * @example English
             */
            name?: string;
            /**
             * @description Place among the tracks, from 1: the tracks from there on move down. More than there are is the last.
             * @example 1
             */
            position?: number;
        };
        UpdateMe: {
            /**
             * @description New name shown to people, 1 to 100 characters; null removes it
             * @example Ann Example
             */
            displayName: string | null;
        };
        UpdateMember: {
            /**
             * @description Current password of the caller, at most 256 characters. Required more than 15 minutes after the sign-in.
             * @example an example passphrase
             */
            password?: string;
            /**
             * @description What a member may do: `viewer` reads and plays, `editor` also uploads, changes and shares, `admin` also manages API keys, webhooks and members, `owner` also deletes the project and hands it over
             * @example editor
             * @enum {string}
             */
            role: "viewer" | "editor" | "admin" | "owner";
        };
        UpdateProject: {
            /**
             * @description Host names of the sites whose pages may play the videos of the project, up to 50, each for all of its ports; `*.example.com` is every name below `example.com`. An empty list: all sites. A video may have a list of its own
             * @example [
             *       "example.com",
             *       "*.example.com"
             *     ]
             */
            allowedDomains?: string[];
            /**
             * @description Name of the project, 1 to 100 characters without control characters
             * @example Marketing
             */
            name?: string;
        };
        UpdateProjectLimits: {
            /**
             * @description Minutes of all videos together; null: no limit.
             * @example 6000
             */
            minutes?: number | null;
            /**
             * @description Tasks of all videos that run at the same time; null: no limit.
             * @example 4
             */
            runningTasks?: number | null;
            /**
             * @description Days after a video is ready in which its source is kept, for videos that are created from now on; null: for ever.
             * @example 30
             */
            sourceDays?: number | null;
            /**
             * @description Bytes of all that is stored: sources, also while they are uploaded, captions, chapters, watermarks; null: no limit.
             * @example 107374182400
             */
            storedBytes?: number | null;
            /**
             * @description Bytes of one source; null: no limit.
             * @example 10737418240
             */
            uploadBytes?: number | null;
            /**
             * @description Seconds of one video; null: no limit.
             * @example 14400
             */
            videoSeconds?: number | null;
        };
        UpdateUser: {
            /**
             * @description True disables the account and ends its sessions, false enables it. Unchanged if omitted.
             * @example true
             */
            disabled?: boolean;
            /**
             * @description New role of the account. Unchanged if omitted.
             * @example admin
             * @enum {string}
             */
            role?: "user" | "support" | "admin";
        };
        UpdateUserLimits: {
            /**
             * @description Minutes of all videos together; null: no limit.
             * @example 6000
             */
            minutes?: number | null;
            /**
             * @description Tasks of all videos that run at the same time; null: no limit.
             * @example 4
             */
            runningTasks?: number | null;
            /**
             * @description Days after a video is ready in which its source is kept, for videos that are created from now on; null: for ever.
             * @example 30
             */
            sourceDays?: number | null;
            /**
             * @description Bytes of all that is stored: sources, also while they are uploaded, captions, chapters, watermarks; null: no limit.
             * @example 107374182400
             */
            storedBytes?: number | null;
            /**
             * @description Bytes of one source; null: no limit.
             * @example 10737418240
             */
            uploadBytes?: number | null;
            /**
             * @description Seconds of one video; null: no limit.
             * @example 14400
             */
            videoSeconds?: number | null;
        };
        UpdateVideo: {
            /**
             * @description Host names of the sites whose pages may play the video, up to 50, each for all of its ports; `*.example.com` is every name below `example.com`. An empty list: all sites. null: as the project says.
             * @example [
             *       "example.com",
             *       "*.example.com"
             *     ]
             */
            allowedDomains?: string[] | null;
            /**
             * @description Description; line breaks are allowed.
             * @example Two weeks at the lake
             */
            description?: string;
            /**
             * Format: date-time
             * @description When the video is deleted (UTC), in the future; null: it is kept.
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt?: string | null;
            /**
             * @description What your system calls it: up to 200 characters, unique in the project; null removes it.
             * @example order-4711
             */
            externalId?: string | null;
            /**
             * @description Whether others may watch the uploaded file, without its metadata, until the first segments exist. Off by default: what is seen in an original cannot be taken back.
             * @example false
             */
            instantPlayback?: boolean;
            /**
             * @description Replaces all pairs: up to 50; keys of 1 to 40 characters, values of up to 500.
             * @example {
             *       "customer": "42",
             *       "plan": "gold"
             *     }
             */
            metadata?: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description When the source is removed (UTC), in the future, and not before the video is ready; the video plays on. null: the source is kept, whatever the setting of the installation.
             * @example 2026-11-30T06:00:00.000Z
             */
            sourceExpiresAt?: string | null;
            /**
             * @description Words to find the video by.
             * @example [
             *       "holiday",
             *       "lake"
             *     ]
             */
            tags?: string[];
            /**
             * @description Title, on one line.
             * @example Holiday 2026
             */
            title?: string;
            /**
             * @description private: only members of its project and holders of a link. unlisted: whoever knows the id. public: everybody.
             * @example private
             * @enum {string}
             */
            visibility?: "private" | "unlisted" | "public";
        };
        UpdateWebhook: {
            /**
             * @description Whether messages are sent.
             * @example true
             */
            enabled?: boolean;
            /**
             * @description Event types to send.
             * @example [
             *       "video.ready",
             *       "video.failed"
             *     ]
             */
            events?: ("video.uploaded" | "video.processing" | "video.playable" | "video.ready" | "video.failed" | "video.source_replaced" | "video.replacement_failed" | "video.source_removed" | "video.deleted" | "video.delivery_revoked")[];
            /**
             * Format: uri
             * @description Address that messages are sent to (http or https).
             * @example https://example.org/hooks/kinora
             */
            url?: string;
        };
        UploadLink: {
            /**
             * @description Origins of the pages that may use the link. Null, or left out: all. Programs that are no browsers send none.
             * @example [
             *       "https://jobs.example.org"
             *     ]
             */
            allowedOrigins: string[] | null;
            /**
             * @description Content types of the files, such as `video/mp4` or `video/*`. What is declared is checked before the upload, what the file is afterwards. Null, or left out: every video.
             * @example [
             *       "video/mp4",
             *       "video/quicktime"
             *     ]
             */
            contentTypes: string[] | null;
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * @description Description of the videos.
             * @example Sent by applicants
             */
            description: string;
            /**
             * Format: date-time
             * @description When it expires (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string;
            /**
             * Format: uuid
             * @description Id of the upload link.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description Most bytes of one file. Null, or left out: as many as the project may upload.
             * @example 104857600
             */
            maxBytes: number | null;
            /**
             * @description Longest duration of one video in seconds. A longer one fails with `VIDEO_TOO_LONG` when its file has been read. Null, or left out: as long as the project may upload.
             * @example 300
             */
            maxDurationSeconds: number | null;
            /**
             * @description Metadata of the videos: up to 50 pairs of strings, each copied to every video.
             * @example {
             *       "application": "4711"
             *     }
             */
            metadata: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @description Id of the account that created the link; it is the owner of the videos.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * Format: uuid
             * @description Id of the project that gets the videos.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * Format: date-time
             * @description When the link was revoked (UTC); null if it was not.
             * @example null
             */
            revokedAt: string | null;
            /**
             * @description Tags of the videos.
             * @example [
             *       "application"
             *     ]
             */
            tags: string[];
            /**
             * @description Title of the videos. Null, or left out: the name of each file.
             * @example Applications 2026
             */
            title: string | null;
            /**
             * @description How many files the link takes.
             * @example 1
             */
            uses: number;
            /**
             * @description How many files the link still takes.
             * @example 1
             */
            usesLeft: number;
            /**
             * @description Ids of the videos that came by the link, newest first, without those that were deleted.
             * @example [
             *       "01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55"
             *     ]
             */
            videoIds: string[];
            /**
             * @description Visibility of the videos.
             * @example private
             * @enum {string}
             */
            visibility: "private" | "unlisted" | "public";
        };
        UploadLinkOffer: {
            /**
             * @description Content types of the files, such as `video/mp4` or `video/*`. What is declared is checked before the upload, what the file is afterwards. Null, or left out: every video.
             * @example [
             *       "video/mp4",
             *       "video/quicktime"
             *     ]
             */
            contentTypes: string[] | null;
            /**
             * Format: date-time
             * @description When it expires (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string;
            /**
             * @description Most bytes of one file. Null, or left out: as many as the project may upload.
             * @example 104857600
             */
            maxBytes: number | null;
            /**
             * @description Longest duration of one video in seconds. A longer one fails with `VIDEO_TOO_LONG` when its file has been read. Null, or left out: as long as the project may upload.
             * @example 300
             */
            maxDurationSeconds: number | null;
            /**
             * @description How many files the link still takes.
             * @example 1
             */
            usesLeft: number;
        };
        UploadLinkPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["UploadLink"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        UploadLinkVideo: {
            /**
             * @description Why the video failed; null otherwise.
             * @example null
             */
            error: {
                /**
                 * @description Stable code of the cause.
                 * @example SOURCE_CORRUPT
                 */
                code: string;
                /**
                 * @description The cause as a sentence.
                 * @example The file is damaged, or it is not a video.
                 */
                detail: string;
            } | null;
            /**
             * Format: uuid
             * @description Id of the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            progress: components["schemas"]["Progress"] & unknown;
            /**
             * @description How far the video is.
             * @example processing
             * @enum {string}
             */
            status: "awaiting_upload" | "uploaded" | "processing" | "ready" | "failed";
        };
        Usage: {
            /**
             * @description Bytes of sources, captions, chapters and watermarks; an upload counts with its whole length from its start.
             * @example 73400320
             */
            bytes: number;
            limits: components["schemas"]["Limits"];
            /**
             * @description Minutes of all videos together.
             * @example 42.5
             */
            minutes: number;
            /**
             * @description Bytes of replaced captions, which count against the limit until they are removed after 35 minutes.
             * @example 0
             */
            retiredBytes: number;
            /**
             * @description Tasks that run now.
             * @example 2
             */
            runningTasks: number;
            /**
             * @description Uploads that are not complete yet.
             * @example 1
             */
            uploads: number;
            /**
             * @description Number of videos.
             * @example 12
             */
            videos: number;
        };
        /** @description An account */
        User: {
            /**
             * Format: date-time
             * @description Time the account was created, ISO 8601 UTC
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * @description Name shown to people; null if none was set
             * @example Ann Example
             */
            displayName: string | null;
            /**
             * Format: email
             * @description Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.
             * @example ann@example.com
             */
            email: string;
            /**
             * @description True once the owner has confirmed the email address
             * @example true
             */
            emailVerified: boolean;
            /**
             * Format: uuid
             * @description Id of the account
             * @example 0197a1de-5c52-7a3c-9d5b-0c1f6e7a8b90
             */
            id: string;
            /**
             * @description True if signing in with the password also needs a second factor
             * @example false
             */
            mfaEnabled: boolean;
            /**
             * @description Role of the account. `support`: finds accounts, and the state of videos, usage and webhook deliveries of others, without seeing a video. `admin`: manages everything.
             * @example user
             * @enum {string}
             */
            role: "user" | "support" | "admin";
        };
        /** @description A page of service accounts */
        UserPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["User"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        /** @description Answer instead of tokens where email addresses must be verified. It is the same for new and for taken addresses. */
        VerificationRequired: {
            /**
             * @description Always `verification_required`
             * @example verification_required
             * @enum {string}
             */
            status: "verification_required";
        };
        VerifyEmail: {
            /**
             * @description Token from the link in the email, at most 256 characters. It works once.
             * @example example-mail-token
             */
            token: string;
        };
        Video: {
            /**
             * @description Host names of the sites whose pages may play it; an empty list: all sites. null: as the project says, and for others than members of its project.
             * @default null
             * @example [
             *       "example.com",
             *       "*.example.com"
             *     ]
             */
            allowedDomains: string[] | null;
            /**
             * @description The audio tracks, in the order that players show; empty for a silent video and before it is probed.
             * @default []
             * @example [
             *       {
             *         "id": "1",
             *         "language": "de",
             *         "name": "Deutsch",
             *         "default": true,
             *         "channels": 2,
             *         "audioDescription": false,
             *         "hidden": false,
             *         "added": false,
             *         "status": "ready"
             *       },
             *       {
             *         "id": "2",
             *         "language": "en",
             *         "name": "English",
             *         "default": false,
             *         "channels": 6,
             *         "audioDescription": false,
             *         "hidden": false,
             *         "added": false,
             *         "status": "processing"
             *       }
             *     ]
             */
            audioTracks: {
                /**
                 * @description Whether its owner has added it; false for tracks of the source.
                 * @default false
                 * @example false
                 */
                added: boolean;
                /**
                 * @description Whether it describes the frames to people who do not see them.
                 * @example false
                 */
                audioDescription: boolean;
                /**
                 * @description Number of channels of the track in the source.
                 * @example 2
                 */
                channels: number;
                /**
                 * @description Whether players begin with it; true for one track.
                 * @example true
                 */
                default: boolean;
                /**
                 * @description Whether players are not offered it. Only members of the project see hidden tracks.
                 * @default false
                 * @example false
                 */
                hidden: boolean;
                /**
                 * @description Id of the track; unique within its video.
                 * @example 2
                 */
                id: string;
                /**
                 * @description Language in the canonical form of BCP 47; null if it is unknown.
                 * @example de
                 */
                language: string | null;
                /**
                 * @description What the menu of a player shows; unique within its video.
                 * @example Deutsch
                 */
                name: string;
                /**
                 * @description failed: it could not be processed, and the video does not have it.
                 * @example ready
                 * @enum {string}
                 */
                status: "processing" | "ready" | "failed";
            }[];
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * @description Description, of one or several lines.
             * @example Two weeks at the lake
             */
            description: string;
            /** @description Why processing failed; null unless status is failed. */
            error: {
                /**
                 * @description Stable code of the cause.
                 * @example SOURCE_CORRUPT
                 */
                code: string;
                /**
                 * @description The cause as a sentence.
                 * @example The file is damaged, or it is not a video.
                 */
                detail: string;
            } | null;
            /**
             * Format: date-time
             * @description When it is deleted (UTC); null if it is kept, and for others than members of its project.
             * @default null
             * @example 2026-11-30T06:00:00.000Z
             */
            expiresAt: string | null;
            /**
             * @description What your system calls it; unique in its project. Null without one, and for others than its members.
             * @default null
             * @example order-4711
             */
            externalId: string | null;
            /**
             * Format: uuid
             * @description Id of the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * @description Whether others than the owner may watch the uploaded file until the first segments exist.
             * @default false
             * @example false
             */
            instantPlayback: boolean;
            /**
             * @description audio: its source has audio but no frames, except perhaps a cover. video: all others, and every video before it is probed.
             * @default video
             * @example video
             * @enum {string}
             */
            kind: "video" | "audio";
            /**
             * @description What your system keeps with it: pairs of strings. Empty for others than members of its project.
             * @default {}
             * @example {
             *       "customer": "42",
             *       "plan": "gold"
             *     }
             */
            metadata: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @description Id of the account that created the video.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * @description Whether it can be played now, possibly not yet in all renditions.
             * @example true
             */
            playable: boolean;
            /** @description Addresses to play it at; null while it cannot be played. */
            playback: {
                /**
                 * @description Address of the HLS master playlist; for a private video it carries a short-lived token. Until the video is `playable` it answers 409.
                 * @example https://video.example.org/play/abc/master.m3u8
                 */
                hlsUrl: string;
                /**
                 * @description Address of the poster; null until there is one.
                 * @example https://video.example.org/play/abc/poster.jpg
                 */
                posterUrl: string | null;
                /**
                 * @description Address of the uploaded file, which browsers play as it is; absent once the video is `playable`, and where they do not play it.
                 * @example https://video.example.org/play/abc/source
                 */
                sourceUrl?: string;
                /**
                 * @description Address of the storyboard (WebVTT); null until there is one.
                 * @example https://video.example.org/play/abc/storyboard.vtt
                 */
                storyboardUrl: string | null;
                /**
                 * @description Address of the waveform (PNG) of a video of the kind audio; null for others, and until there is one.
                 * @default null
                 * @example null
                 */
                waveformUrl: string | null;
            } | null;
            progress: components["schemas"]["Progress"];
            /**
             * Format: uuid
             * @description Id of the project that owns the video; a personal project has the id of its account.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * Format: date-time
             * @description When processing was complete (UTC); null before that.
             * @example 2026-11-30T06:00:00.000Z
             */
            readyAt: string | null;
            /** @description The video in each of its sizes; empty for the kind audio. */
            renditions: {
                /**
                 * @description Average bits per second; null until it is measured.
                 * @example 2500000
                 */
                bitrate: number | null;
                /**
                 * @description Height in pixels.
                 * @example 720
                 */
                height: number;
                /**
                 * @description Name of the rendition, by its short side; with `-hevc` for the frames of an HEVC source.
                 * @example 720p
                 */
                name: string;
                /**
                 * @description failed: it was not ready when processing of the video failed; a retry continues it.
                 * @example ready
                 * @enum {string}
                 */
                status: "processing" | "ready" | "failed";
                /**
                 * @description Width in pixels.
                 * @example 1280
                 */
                width: number;
            }[];
            /**
             * @description A new source that is being processed while the video plays on, or that failed; null without one, once the video has it, and for others than members of its project.
             * @default null
             */
            replacement: {
                /** @description Why the new source failed; null unless it did. */
                error: {
                    /**
                     * @description Stable code of the cause.
                     * @example SOURCE_CORRUPT
                     */
                    code: string;
                    /**
                     * @description The cause as a sentence.
                     * @example The file is damaged, or it is not a video.
                     */
                    detail: string;
                } | null;
                /**
                 * @description Percent of the work that is done.
                 * @example 42.5
                 */
                percent: number;
                /**
                 * Format: date-time
                 * @description When all bytes of the new source were stored (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                startedAt: string;
                /**
                 * @description processing: the video changes when the new source is ready. failed: the video stays as it was.
                 * @example processing
                 * @enum {string}
                 */
                status: "processing" | "failed";
            } | null;
            /**
             * @description Number of its version. Grows with each update by a member, not with the progress of processing.
             * @default 1
             * @example 3
             */
            revision: number;
            /** @description The uploaded file; null before the upload is complete. */
            source: {
                /**
                 * @description Audio codec; null without audio or before the file is probed.
                 * @example aac
                 */
                audioCodec: string | null;
                /**
                 * @description Size of the file in bytes.
                 * @example 73400320
                 */
                bytes: number;
                /**
                 * @description Container format as ffprobe names it; null before the file is probed.
                 * @example mov,mp4,m4a,3gp,3g2,mj2
                 */
                container: string | null;
                /**
                 * @description Duration in seconds; null before the file is probed.
                 * @example 182.4
                 */
                durationSeconds: number | null;
                /**
                 * @description File name that the client gave; null without one.
                 * @example holiday.mp4
                 */
                filename: string | null;
                /**
                 * @description Frames per second; null before the file is probed.
                 * @example 29.97
                 */
                frameRate: number | null;
                /**
                 * @description Height in pixels.
                 * @example 720
                 */
                height: number | null;
                /**
                 * Format: date-time
                 * @description When the file was removed (UTC), while the video plays on; null while it is stored.
                 * @default null
                 * @example 2026-11-30T06:00:00.000Z
                 */
                removedAt: string | null;
                /**
                 * @description SHA-256 of the file in hexadecimal.
                 * @example e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                 */
                sha256: string;
                /**
                 * @description Video codec; null before the file is probed.
                 * @example h264
                 */
                videoCodec: string | null;
                /**
                 * @description Width in pixels.
                 * @example 1280
                 */
                width: number | null;
            } | null;
            /**
             * Format: date-time
             * @description When its source is removed (UTC), while the video plays on; null if the source is kept, for others than members of its project, and before the video is ready where days after that are counted.
             * @default null
             * @example 2026-11-30T06:00:00.000Z
             */
            sourceExpiresAt: string | null;
            /**
             * @description How far the video has come: awaiting_upload, uploaded, processing, ready or failed.
             * @example ready
             * @enum {string}
             */
            status: "awaiting_upload" | "uploaded" | "processing" | "ready" | "failed";
            /**
             * @description Words to find the video by.
             * @example [
             *       "holiday",
             *       "lake"
             *     ]
             */
            tags: string[];
            /**
             * @description Title, on one line.
             * @example Holiday 2026
             */
            title: string;
            /**
             * Format: date-time
             * @description When it was last changed (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            updatedAt: string;
            /**
             * @description private: only members of its project and holders of a link. unlisted: everybody who knows the id. public: everybody.
             * @example private
             * @enum {string}
             */
            visibility: "private" | "unlisted" | "public";
            /**
             * @description What was left out of the video although it did not fail: tracks, seconds, frames. Empty for viewers who are not members of its project.
             * @default []
             * @example [
             *       {
             *         "code": "AUDIO_TRACK_SKIPPED",
             *         "detail": "Audio track 3 (tta) is not part of the video: its codec is not supported."
             *       }
             *     ]
             */
            warnings: {
                /**
                 * @description Stable code of what was left out.
                 * @example AUDIO_TRACK_SKIPPED
                 */
                code: string;
                /**
                 * @description The same as a sentence, with the track, the codec or the seconds.
                 * @example Audio track 3 (tta) is not part of the video: its codec is not supported.
                 */
                detail: string;
            }[];
        };
        VideoEvent: {
            /** @description Why processing failed; null unless it did. */
            error: {
                /**
                 * @description Stable code of the cause.
                 * @example SOURCE_CORRUPT
                 */
                code: string;
                /**
                 * @description The cause as a sentence.
                 * @example The file is damaged, or it is not a video.
                 */
                detail: string;
            } | null;
            /**
             * @description Whether it can be played now.
             * @example true
             */
            playable: boolean;
            progress: components["schemas"]["Progress"];
            /**
             * @description How far the video has come.
             * @example ready
             * @enum {string}
             */
            status: "awaiting_upload" | "uploaded" | "processing" | "ready" | "failed";
            /**
             * Format: uuid
             * @description Id of the video.
             * @example 0197a1e8-0d4b-7c3a-9b1e-52f7a0d4b36c
             */
            videoId: string;
        };
        VideoPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Video"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        WaitingTask: {
            /**
             * @description The reason as a sentence.
             * @example Waits for a free worker.
             */
            detail: string;
            /**
             * @description Kind of task.
             * @example video
             */
            kind: string;
            /**
             * @description Which task of its kind, for people.
             * @example video 720p 1/4
             */
            label: string;
            /**
             * @description What the task waits for.
             * @example worker
             * @enum {string}
             */
            reason: "worker" | "pause" | "turn" | "start" | "tasks" | "playlists" | "retry";
            /**
             * Format: uuid
             * @description Id of the task.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            taskId: string;
            /**
             * Format: date-time
             * @description When the pause ends (UTC); null without a pause.
             * @example 2026-11-30T06:00:00.000Z
             */
            until: string | null;
        };
        Watermark: {
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * @description Opacity, from nearly transparent to opaque.
             * @example 0.8
             */
            opacity: number;
            /** @description The image as it is stored: scaled down and without metadata. */
            picture: {
                /**
                 * @description Size of the stored image in bytes.
                 * @example 14336
                 */
                bytes: number;
                /**
                 * @description Height in pixels.
                 * @example 80
                 */
                height: number;
                /**
                 * @description Width in pixels.
                 * @example 320
                 */
                width: number;
            };
            /**
             * @description Where on the video the watermark is placed.
             * @example bottom-right
             * @enum {string}
             */
            position: "top-left" | "top-right" | "bottom-left" | "bottom-right" | "center";
            /**
             * @description Width in percent of the width of the video.
             * @example 10
             */
            width: number;
        };
        Webhook: {
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /** @description Why and when the webhook was disabled; null while it is enabled. */
            disabled: {
                /**
                 * Format: date-time
                 * @description When (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                at: string;
                /**
                 * @description owner: by its owner. gone: it answered 410. failing: nothing arrived for days.
                 * @example failing
                 * @enum {string}
                 */
                reason: "owner" | "gone" | "failing";
            } | null;
            /**
             * @description Whether messages are sent.
             * @example true
             */
            enabled: boolean;
            /**
             * @description Event types to send.
             * @example [
             *       "video.ready",
             *       "video.failed"
             *     ]
             */
            events: ("video.uploaded" | "video.processing" | "video.playable" | "video.ready" | "video.failed" | "video.source_replaced" | "video.replacement_failed" | "video.source_removed" | "video.deleted" | "video.delivery_revoked")[];
            /**
             * Format: date-time
             * @description First failed attempt since the last success (UTC); null if no attempt has failed since.
             * @example 2026-11-30T06:00:00.000Z
             */
            failingSince: string | null;
            /**
             * Format: uuid
             * @description Id of the webhook.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the account that created the webhook.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            ownerId: string;
            /**
             * Format: date-time
             * @description Until then messages are also signed with the previous secret (UTC); null without one.
             * @example 2026-11-30T06:00:00.000Z
             */
            previousSecretUntil: string | null;
            /**
             * Format: uuid
             * @description Id of the project whose videos it reports.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            projectId: string;
            /**
             * Format: date-time
             * @description When it was last changed (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            updatedAt: string;
            /**
             * @description Address that messages are sent to (http or https).
             * @example https://example.org/hooks/kinora
             */
            url: string;
        };
        WebhookAttempt: {
            /**
             * Format: date-time
             * @description When (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            at: string;
            /**
             * @description Duration of the attempt in milliseconds.
             * @example 120
             */
            durationMs: number;
            /**
             * @description Why there was no response, such as ECONNREFUSED, TIMEOUT or ADDRESS_REFUSED; null if there was one.
             * @example TIMEOUT
             */
            error: string | null;
            /**
             * @description Start of the response body; null without a response.
             * @example ok
             */
            response: string | null;
            /**
             * @description HTTP status of the response; null without a response.
             * @example 204
             */
            status: number | null;
        };
        WebhookDelivery: {
            /** @description The last twenty attempts, oldest first. */
            attempts: components["schemas"]["WebhookAttempt"][];
            /**
             * Format: date-time
             * @description When it was created (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            createdAt: string;
            /**
             * Format: uuid
             * @description Id of the delivery, as in its `webhook-id` header.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            id: string;
            /**
             * Format: date-time
             * @description When it is tried next (UTC); null if it is not.
             * @example 2026-11-30T06:00:00.000Z
             */
            nextAttemptAt: string | null;
            /**
             * @description What became of the delivery.
             * @example delivered
             * @enum {string}
             */
            status: "pending" | "delivered" | "failed";
            /**
             * @description Number of attempts so far.
             * @example 1
             */
            tries: number;
            /**
             * @description Event type of the message.
             * @example video.ready
             */
            type: string;
            /**
             * Format: uuid
             * @description Id of the video; null for a ping.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            videoId: string | null;
            /**
             * Format: uuid
             * @description Id of the webhook.
             * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
             */
            webhookId: string;
        };
        WebhookDeliveryPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["WebhookDelivery"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        WebhookPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Webhook"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example eyJhIjoxfQ
             */
            nextCursor: string | null;
        };
        WebhookPayload: {
            /** @description The video as it was then, without play addresses. */
            data: {
                /**
                 * @description Host names of the sites whose pages may play it; an empty list: all sites. null: as the project says, and for others than members of its project.
                 * @default null
                 * @example [
                 *       "example.com",
                 *       "*.example.com"
                 *     ]
                 */
                allowedDomains: string[] | null;
                /**
                 * @description The audio tracks, in the order that players show; empty for a silent video and before it is probed.
                 * @default []
                 * @example [
                 *       {
                 *         "id": "1",
                 *         "language": "de",
                 *         "name": "Deutsch",
                 *         "default": true,
                 *         "channels": 2,
                 *         "audioDescription": false,
                 *         "hidden": false,
                 *         "added": false,
                 *         "status": "ready"
                 *       },
                 *       {
                 *         "id": "2",
                 *         "language": "en",
                 *         "name": "English",
                 *         "default": false,
                 *         "channels": 6,
                 *         "audioDescription": false,
                 *         "hidden": false,
                 *         "added": false,
                 *         "status": "processing"
                 *       }
                 *     ]
                 */
                audioTracks: {
                    /**
                     * @description Whether its owner has added it; false for tracks of the source.
                     * @default false
                     * @example false
                     */
                    added: boolean;
                    /**
                     * @description Whether it describes the frames to people who do not see them.
                     * @example false
                     */
                    audioDescription: boolean;
                    /**
                     * @description Number of channels of the track in the source.
                     * @example 2
                     */
                    channels: number;
                    /**
                     * @description Whether players begin with it; true for one track.
                     * @example true
                     */
                    default: boolean;
                    /**
                     * @description Whether players are not offered it. Only members of the project see hidden tracks.
                     * @default false
                     * @example false
                     */
                    hidden: boolean;
                    /**
                     * @description Id of the track; unique within its video.
                     * @example 2
                     */
                    id: string;
                    /**
                     * @description Language in the canonical form of BCP 47; null if it is unknown.
                     * @example de
                     */
                    language: string | null;
                    /**
                     * @description What the menu of a player shows; unique within its video.
                     * @example Deutsch
                     */
                    name: string;
                    /**
                     * @description failed: it could not be processed, and the video does not have it.
                     * @example ready
                     * @enum {string}
                     */
                    status: "processing" | "ready" | "failed";
                }[];
                /**
                 * Format: date-time
                 * @description When it was created (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                createdAt: string;
                /**
                 * @description Description, of one or several lines.
                 * @example Two weeks at the lake
                 */
                description: string;
                /** @description Why processing failed; null unless status is failed. */
                error: {
                    /**
                     * @description Stable code of the cause.
                     * @example SOURCE_CORRUPT
                     */
                    code: string;
                    /**
                     * @description The cause as a sentence.
                     * @example The file is damaged, or it is not a video.
                     */
                    detail: string;
                } | null;
                /**
                 * Format: date-time
                 * @description When it is deleted (UTC); null if it is kept, and for others than members of its project.
                 * @default null
                 * @example 2026-11-30T06:00:00.000Z
                 */
                expiresAt: string | null;
                /**
                 * @description What your system calls it; unique in its project. Null without one, and for others than its members.
                 * @default null
                 * @example order-4711
                 */
                externalId: string | null;
                /**
                 * Format: uuid
                 * @description Id of the video.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                id: string;
                /**
                 * @description Whether others than the owner may watch the uploaded file until the first segments exist.
                 * @default false
                 * @example false
                 */
                instantPlayback: boolean;
                /**
                 * @description audio: its source has audio but no frames, except perhaps a cover. video: all others, and every video before it is probed.
                 * @default video
                 * @example video
                 * @enum {string}
                 */
                kind: "video" | "audio";
                /**
                 * @description What your system keeps with it: pairs of strings. Empty for others than members of its project.
                 * @default {}
                 * @example {
                 *       "customer": "42",
                 *       "plan": "gold"
                 *     }
                 */
                metadata: {
                    [key: string]: string;
                };
                /**
                 * Format: uuid
                 * @description Id of the account that created the video.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                ownerId: string;
                /**
                 * @description Whether it can be played now, possibly not yet in all renditions.
                 * @example true
                 */
                playable: boolean;
                progress: components["schemas"]["Progress"];
                /**
                 * Format: uuid
                 * @description Id of the project that owns the video; a personal project has the id of its account.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                projectId: string;
                /**
                 * Format: date-time
                 * @description When processing was complete (UTC); null before that.
                 * @example 2026-11-30T06:00:00.000Z
                 */
                readyAt: string | null;
                /** @description The video in each of its sizes; empty for the kind audio. */
                renditions: {
                    /**
                     * @description Average bits per second; null until it is measured.
                     * @example 2500000
                     */
                    bitrate: number | null;
                    /**
                     * @description Height in pixels.
                     * @example 720
                     */
                    height: number;
                    /**
                     * @description Name of the rendition, by its short side; with `-hevc` for the frames of an HEVC source.
                     * @example 720p
                     */
                    name: string;
                    /**
                     * @description failed: it was not ready when processing of the video failed; a retry continues it.
                     * @example ready
                     * @enum {string}
                     */
                    status: "processing" | "ready" | "failed";
                    /**
                     * @description Width in pixels.
                     * @example 1280
                     */
                    width: number;
                }[];
                /**
                 * @description A new source that is being processed while the video plays on, or that failed; null without one, once the video has it, and for others than members of its project.
                 * @default null
                 */
                replacement: {
                    /** @description Why the new source failed; null unless it did. */
                    error: {
                        /**
                         * @description Stable code of the cause.
                         * @example SOURCE_CORRUPT
                         */
                        code: string;
                        /**
                         * @description The cause as a sentence.
                         * @example The file is damaged, or it is not a video.
                         */
                        detail: string;
                    } | null;
                    /**
                     * @description Percent of the work that is done.
                     * @example 42.5
                     */
                    percent: number;
                    /**
                     * Format: date-time
                     * @description When all bytes of the new source were stored (UTC).
                     * @example 2026-11-30T06:00:00.000Z
                     */
                    startedAt: string;
                    /**
                     * @description processing: the video changes when the new source is ready. failed: the video stays as it was.
                     * @example processing
                     * @enum {string}
                     */
                    status: "processing" | "failed";
                } | null;
                /**
                 * @description Number of its version. Grows with each update by a member, not with the progress of processing.
                 * @default 1
                 * @example 3
                 */
                revision: number;
                /** @description The uploaded file; null before the upload is complete. */
                source: {
                    /**
                     * @description Audio codec; null without audio or before the file is probed.
                     * @example aac
                     */
                    audioCodec: string | null;
                    /**
                     * @description Size of the file in bytes.
                     * @example 73400320
                     */
                    bytes: number;
                    /**
                     * @description Container format as ffprobe names it; null before the file is probed.
                     * @example mov,mp4,m4a,3gp,3g2,mj2
                     */
                    container: string | null;
                    /**
                     * @description Duration in seconds; null before the file is probed.
                     * @example 182.4
                     */
                    durationSeconds: number | null;
                    /**
                     * @description File name that the client gave; null without one.
                     * @example holiday.mp4
                     */
                    filename: string | null;
                    /**
                     * @description Frames per second; null before the file is probed.
                     * @example 29.97
                     */
                    frameRate: number | null;
                    /**
                     * @description Height in pixels.
                     * @example 720
                     */
                    height: number | null;
                    /**
                     * Format: date-time
                     * @description When the file was removed (UTC), while the video plays on; null while it is stored.
                     * @default null
                     * @example 2026-11-30T06:00:00.000Z
                     */
                    removedAt: string | null;
                    /**
                     * @description SHA-256 of the file in hexadecimal.
                     * @example e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                     */
                    sha256: string;
                    /**
                     * @description Video codec; null before the file is probed.
                     * @example h264
                     */
                    videoCodec: string | null;
                    /**
                     * @description Width in pixels.
                     * @example 1280
                     */
                    width: number | null;
                } | null;
                /**
                 * Format: date-time
                 * @description When its source is removed (UTC), while the video plays on; null if the source is kept, for others than members of its project, and before the video is ready where days after that are counted.
                 * @default null
                 * @example 2026-11-30T06:00:00.000Z
                 */
                sourceExpiresAt: string | null;
                /**
                 * @description How far the video has come: awaiting_upload, uploaded, processing, ready or failed.
                 * @example ready
                 * @enum {string}
                 */
                status: "awaiting_upload" | "uploaded" | "processing" | "ready" | "failed";
                /**
                 * @description Words to find the video by.
                 * @example [
                 *       "holiday",
                 *       "lake"
                 *     ]
                 */
                tags: string[];
                /**
                 * @description Title, on one line.
                 * @example Holiday 2026
                 */
                title: string;
                /**
                 * Format: date-time
                 * @description When it was last changed (UTC).
                 * @example 2026-11-30T06:00:00.000Z
                 */
                updatedAt: string;
                /**
                 * @description private: only members of its project and holders of a link. unlisted: everybody who knows the id. public: everybody.
                 * @example private
                 * @enum {string}
                 */
                visibility: "private" | "unlisted" | "public";
                /**
                 * @description What was left out of the video although it did not fail: tracks, seconds, frames. Empty for viewers who are not members of its project.
                 * @default []
                 * @example [
                 *       {
                 *         "code": "AUDIO_TRACK_SKIPPED",
                 *         "detail": "Audio track 3 (tta) is not part of the video: its codec is not supported."
                 *       }
                 *     ]
                 */
                warnings: {
                    /**
                     * @description Stable code of what was left out.
                     * @example AUDIO_TRACK_SKIPPED
                     */
                    code: string;
                    /**
                     * @description The same as a sentence, with the track, the codec or the seconds.
                     * @example Audio track 3 (tta) is not part of the video: its codec is not supported.
                     */
                    detail: string;
                }[];
            };
            /**
             * Format: date-time
             * @description When it happened (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            timestamp: string;
            /**
             * @description What happened.
             * @example video.ready
             * @enum {string}
             */
            type: "video.uploaded" | "video.processing" | "video.playable" | "video.ready" | "video.failed" | "video.source_replaced" | "video.replacement_failed" | "video.source_removed" | "video.deleted" | "video.delivery_revoked";
        } | {
            /** @description What the message is about. */
            data: {
                /**
                 * Format: uuid
                 * @description Id of the webhook.
                 * @example 01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55
                 */
                webhookId: string;
            };
            /**
             * Format: date-time
             * @description When it happened (UTC).
             * @example 2026-11-30T06:00:00.000Z
             */
            timestamp: string;
            /**
             * @description A test message.
             * @example ping
             * @enum {string}
             */
            type: "ping";
        };
    };
    responses: {
        /**
         * @description `VALIDATION_FAILED`: The request does not have the required shape
         *     `MALFORMED_JSON`: The body is not valid JSON
         */
        Problem400: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `VALIDATION_FAILED`: The request does not have the required shape */
        "Problem400-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `VALIDATION_FAILED`: The request does not have the required shape
         *     `BAD_REQUEST`: The HTTP request is malformed
         */
        "Problem400-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `VALIDATION_FAILED`: The request does not have the required shape
         *     `BAD_REQUEST`: The HTTP request is malformed
         *     `MALFORMED_JSON`: The body is not valid JSON
         */
        "Problem400-4": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `PASSWORD_UNACCEPTABLE`: This password is too easy to guess
         *     `VALIDATION_FAILED`: The request does not have the required shape
         *     `MALFORMED_JSON`: The body is not valid JSON
         */
        "Problem400-5": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `BAD_REQUEST`: The HTTP request is malformed
         *     `VALIDATION_FAILED`: The request does not have the required shape
         */
        "Problem400-6": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `UPLOAD_LENGTH_INCONSISTENT`: The lengths that were given for this upload differ
         *     `UPLOAD_EMPTY`: The upload has no bytes
         *     `UPLOAD_INCOMPLETE`: The upload ended before all bytes arrived
         *     `UPLOAD_COMPLETED`: This upload is already complete
         *     `VALIDATION_FAILED`: The request does not have the required shape
         *     `BAD_REQUEST`: The HTTP request is malformed
         */
        "Problem400-7": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `VALIDATION_FAILED`: The request does not have the required shape
         *     `BAD_REQUEST`: The HTTP request is malformed
         */
        "Problem400-8": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `BAD_REQUEST`: The HTTP request is malformed
         *     `VALIDATION_FAILED`: The request does not have the required shape
         */
        "Problem400-9": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `ACCOUNT_ERASED`: This account was deleted
         *     `TOKEN_INVALID`: The access token is not valid
         *     `TOKEN_EXPIRED`: The access token has expired
         *     `TOKEN_REVOKED`: The access token was revoked
         *     `KEY_RETIRED`: The key that signed the access token was retired
         *     `REFRESH_REUSED`: A refresh token was used twice; the session was ended
         *     `PASSWORD_CHANGED`: The password was changed; sign in again
         *     `API_KEY_INVALID`: The API key is not valid
         *     `API_KEY_EXPIRED`: The API key has expired
         *     `API_KEY_REVOKED`: The API key was revoked
         *     `UNAUTHENTICATED`: Sign in first
         */
        Problem401: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `TOKEN_INVALID`: The access token is not valid
         *     `TOKEN_EXPIRED`: The access token has expired
         *     `TOKEN_REVOKED`: The access token was revoked
         *     `KEY_RETIRED`: The key that signed the access token was retired
         *     `REFRESH_REUSED`: A refresh token was used twice; the session was ended
         *     `PASSWORD_CHANGED`: The password was changed; sign in again
         *     `API_KEY_INVALID`: The API key is not valid
         *     `API_KEY_EXPIRED`: The API key has expired
         *     `API_KEY_REVOKED`: The API key was revoked
         *     `ACCOUNT_ERASED`: This account was deleted
         *     `UNAUTHENTICATED`: Sign in first
         */
        "Problem401-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `TOKEN_INVALID`: The access token is not valid
         *     `TOKEN_EXPIRED`: The access token has expired
         *     `TOKEN_REVOKED`: The access token was revoked
         *     `KEY_RETIRED`: The key that signed the access token was retired
         *     `REFRESH_REUSED`: A refresh token was used twice; the session was ended
         *     `PASSWORD_CHANGED`: The password was changed; sign in again
         *     `API_KEY_INVALID`: The API key is not valid
         *     `API_KEY_EXPIRED`: The API key has expired
         *     `API_KEY_REVOKED`: The API key was revoked
         *     `ACCOUNT_ERASED`: This account was deleted
         */
        "Problem401-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `TOKEN_INVALID`: The access token is not valid
         *     `TOKEN_EXPIRED`: The access token has expired
         *     `TOKEN_REVOKED`: The access token was revoked
         *     `KEY_RETIRED`: The key that signed the access token was retired
         *     `REFRESH_REUSED`: A refresh token was used twice; the session was ended
         *     `PASSWORD_CHANGED`: The password was changed; sign in again
         *     `API_KEY_INVALID`: The API key is not valid
         *     `API_KEY_EXPIRED`: The API key has expired
         *     `API_KEY_REVOKED`: The API key was revoked
         *     `ACCOUNT_ERASED`: This account was deleted
         *     `UNAUTHENTICATED`: Sign in first
         */
        "Problem401-4": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `ACCOUNT_ERASED`: This account was deleted */
        "Problem401-5": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `ACCOUNT_DISABLED`: This account is disabled
         *     `INSUFFICIENT_SCOPE`: The API key lacks the required scope
         *     `FORBIDDEN`: You may not do this
         */
        Problem403: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `ACCOUNT_DISABLED`: This account is disabled
         *     `INSUFFICIENT_SCOPE`: The API key lacks the required scope
         */
        "Problem403-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `QUOTA_EXCEEDED`: This would exceed the quota of this project
         *     `ACCOUNT_DISABLED`: This account is disabled
         *     `INSUFFICIENT_SCOPE`: The API key lacks the required scope
         *     `FORBIDDEN`: You may not do this
         */
        "Problem403-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `ACCOUNT_DISABLED`: This account is disabled
         *     `EMAIL_NOT_VERIFIED`: Confirm your e-mail address first, with the link in the mail that was sent to you
         *     `ORIGIN_NOT_ALLOWED`: Pages of this origin may not use cookie sessions
         */
        "Problem403-4": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `ACCOUNT_DISABLED`: This account is disabled
         *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
         */
        "Problem403-5": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `PASSWORD_WRONG`: The current password is wrong
         *     `ACCOUNT_DISABLED`: This account is disabled
         *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
         */
        "Problem403-6": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `ACCOUNT_DISABLED`: This account is disabled */
        "Problem403-7": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `REAUTHENTICATION_REQUIRED`: This needs your password again
         *     `PASSWORD_WRONG`: The current password is wrong
         *     `ACCOUNT_DISABLED`: This account is disabled
         *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
         */
        "Problem403-8": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `PASSWORD_WRONG`: The current password is wrong
         *     `MFA_CODE_WRONG`: The code is wrong or was already used
         *     `ACCOUNT_DISABLED`: This account is disabled
         *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
         */
        "Problem403-9": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `ACCOUNT_DISABLED`: This account is disabled
         *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
         *     `FORBIDDEN`: You may not do this
         */
        "Problem403-10": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `PASSWORD_WRONG`: The current password is wrong
         *     `MFA_CODE_REQUIRED`: This account also needs a code
         *     `MFA_CODE_WRONG`: The code is wrong or was already used
         *     `ACCOUNT_DISABLED`: This account is disabled
         *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
         *     `FORBIDDEN`: You may not do this
         */
        "Problem403-11": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `REAUTHENTICATION_REQUIRED`: This needs your password again
         *     `PASSWORD_WRONG`: The current password is wrong
         *     `ACCOUNT_DISABLED`: This account is disabled
         *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
         *     `FORBIDDEN`: You may not do this
         */
        "Problem403-12": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `QUOTA_EXCEEDED`: This would exceed the quota of this project
         *     `ACCOUNT_DISABLED`: This account is disabled
         *     `INSUFFICIENT_SCOPE`: The API key lacks the required scope
         *     `FORBIDDEN`: You may not do this
         */
        "Problem403-13": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `ACCOUNT_DISABLED`: This account is disabled
         *     `INSUFFICIENT_SCOPE`: The API key lacks the required scope
         *     `FORBIDDEN`: You may not do this
         */
        "Problem403-14": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `FORBIDDEN`: You may not do this
         *     `ACCOUNT_DISABLED`: This account is disabled
         *     `INSUFFICIENT_SCOPE`: The API key lacks the required scope
         */
        "Problem403-15": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `UPLOAD_LINK_ORIGIN_NOT_ALLOWED`: Pages of this origin may not use this upload link */
        "Problem403-16": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `UPLOAD_LINK_ORIGIN_NOT_ALLOWED`: Pages of this origin may not use this upload link
         *     `QUOTA_EXCEEDED`: This would exceed the quota of this project
         */
        "Problem403-17": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `PLAYBACK_DENIED`: This playback link does not allow this
         *     `PLAYBACK_DOMAIN_NOT_ALLOWED`: Pages of this site may not play this video
         */
        "Problem403-18": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `PLAYBACK_DENIED`: This playback link does not allow this
         *     `DOWNLOAD_DENIED`: This playback link does not allow downloads
         *     `PLAYBACK_DOMAIN_NOT_ALLOWED`: Pages of this site may not play this video
         */
        "Problem403-19": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `PLAYBACK_DENIED`: This playback link does not allow this
         *     `PLAYBACK_DOMAIN_NOT_ALLOWED`: Pages of this site may not play this video
         */
        "Problem403-20": {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `PROJECT_NOT_FOUND`: There is no such project */
        Problem404: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `VIDEO_NOT_FOUND`: There is no such video */
        "Problem404-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `VIDEO_NOT_FOUND`: There is no such video
         *     `AUDIO_TRACK_NOT_FOUND`: This video has no such audio track
         */
        "Problem404-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `SESSION_NOT_FOUND`: There is no such session */
        "Problem404-4": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `PASSKEY_NOT_FOUND`: There is no such passkey */
        "Problem404-5": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `PROJECT_NOT_FOUND`: There is no such project
         *     `MEMBER_NOT_FOUND`: This project has no such member
         */
        "Problem404-6": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `USER_NOT_FOUND`: There is no such user */
        "Problem404-7": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `PARKED_NOT_FOUND`: There is no such parked message */
        "Problem404-8": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `UPLOAD_NOT_FOUND`: There is no such upload */
        "Problem404-9": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `UPLOAD_LINK_NOT_FOUND`: There is no such upload link */
        "Problem404-10": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `UPLOAD_LINK_NOT_FOUND`: There is no such upload link
         *     `UPLOAD_NOT_FOUND`: There is no such upload
         *     `VIDEO_NOT_FOUND`: There is no such video
         */
        "Problem404-11": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `UPLOAD_LINK_NOT_FOUND`: There is no such upload link
         *     `UPLOAD_NOT_FOUND`: There is no such upload
         */
        "Problem404-12": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `WEBHOOK_NOT_FOUND`: There is no such webhook */
        "Problem404-13": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `VIDEO_NOT_FOUND`: There is no such video
         *     `FILE_NOT_FOUND`: There is no such file
         */
        "Problem404-14": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `VIDEO_NOT_FOUND`: There is no such video
         *     `WATERMARK_NOT_FOUND`: This video has no watermark
         */
        "Problem404-15": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `REQUEST_TIMEOUT`: The request took too long to arrive */
        Problem408: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `PLAYBACK_NOT_READY`: This video cannot be played yet */
        Problem409: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `MFA_NOT_ENABLED`: This account has no authenticator app */
        "Problem409-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `API_KEY_LIMIT_REACHED`: This account has reached its limit of API keys
         *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
         */
        "Problem409-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet */
        "Problem409-4": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `UPLOAD_LINK_USED_UP`: This upload link takes no more files
         *     `UPLOAD_LIMIT_REACHED`: This project has reached its limit of open uploads
         *     `VIDEO_LIMIT_REACHED`: This project has reached its limit of videos
         *     `UPLOAD_OFFSET_MISMATCH`: The upload has another offset; request it with HEAD and continue there
         *     `SOURCE_ALREADY_UPLOADED`: This video already has its source
         *     `UPLOAD_SUPERSEDED`: Another request has taken over this upload
         */
        "Problem409-5": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `WEBHOOK_DISABLED`: This webhook is disabled; enable it first
         *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
         */
        "Problem409-6": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `WATERMARK_TOO_LATE`: This video already has its source, so its watermark cannot be changed */
        "Problem409-7": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `PLAYBACK_NOT_READY`: This video cannot be played yet
         *     `VIDEO_NOT_READY`: This video is not ready yet
         *     `DOWNLOAD_FAILED`: This file could not be created; the owner can retry the video
         */
        "Problem409-8": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `SOURCE_REMOVED`: The uploaded file of this video was removed at the end of its retention; the video plays on */
        Problem410: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `UPLOAD_EXPIRED`: This upload has expired; start again */
        "Problem410-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `UPLOAD_LINK_EXPIRED`: This upload link has expired
         *     `UPLOAD_LINK_REVOKED`: This upload link was revoked
         */
        "Problem410-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `UPLOAD_LINK_EXPIRED`: This upload link has expired
         *     `UPLOAD_LINK_REVOKED`: This upload link was revoked
         *     `UPLOAD_EXPIRED`: This upload has expired; start again
         */
        "Problem410-4": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `VIDEO_CHANGED`: This video was changed since you read it */
        Problem412: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `TUS_VERSION_UNSUPPORTED`: Unsupported tus version; use 1.0.0 */
        "Problem412-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `TUS_VERSION_UNSUPPORTED`: Unsupported tus version; use 1.0.0 */
        "Problem412-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `BODY_TOO_LARGE`: The body is too large */
        Problem413: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `UPLOAD_TOO_LARGE`: The file is larger than allowed */
        "Problem413-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `UPLOAD_TOO_LARGE`: The file is larger than allowed */
        "Problem413-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `UNSUPPORTED_MEDIA_TYPE`: The content type is not supported here */
        Problem415: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `SOURCE_TYPE_UNSUPPORTED`: This file type is not supported
         *     `UNSUPPORTED_MEDIA_TYPE`: The content type is not supported here
         */
        "Problem415-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `RANGE_NOT_SATISFIABLE`: The requested range is outside the file */
        Problem416: {
            headers: {
                "Content-Range": components["headers"]["Content-Range"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `IDEMPOTENCY_KEY_REUSED`: This Idempotency-Key was used for another request */
        Problem422: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `RATE_LIMITED`: Too many requests */
        Problem429: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `MFA_LOCKED`: Too many wrong codes for this account
         *     `RATE_LIMITED`: Too many requests
         */
        "Problem429-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `BANDWIDTH_LIMITED`: Too many bytes were sent to this address
         *     `CONCURRENCY_LIMITED`: Too many files are being sent to this address at once
         *     `RATE_LIMITED`: Too many requests
         */
        "Problem429-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `RATE_LIMITED`: Too many requests */
        "Problem429-4": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `WEBHOOK_TESTS_PENDING`: Too many test messages of this account are waiting to be sent
         *     `RATE_LIMITED`: Too many requests
         */
        "Problem429-5": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `POISON`: This request brought the service down repeatedly
         *     `INTERNAL`: Something went wrong on our side
         */
        Problem500: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `POISON`: This request brought the service down repeatedly
         *     `INTERNAL`: Something went wrong on our side
         */
        "Problem500-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `DEPENDENCY_UNAVAILABLE`: A dependency of this service is down
         *     `NOT_SENT`: The service cannot be reached
         *     `NO_RESPONDER`: The service is not running
         *     `QUEUE_FULL`: The service is overloaded
         *     `CIRCUIT_OPEN`: The service is failing and gets time to recover
         *     `CONNECTION_LOST`: The connection was lost while waiting for the answer
         */
        Problem503: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `TOO_BUSY`: Too many sign-ins at the moment
         *     `DEPENDENCY_UNAVAILABLE`: A dependency of this service is down
         *     `NOT_SENT`: The service cannot be reached
         *     `NO_RESPONDER`: The service is not running
         *     `QUEUE_FULL`: The service is overloaded
         *     `CIRCUIT_OPEN`: The service is failing and gets time to recover
         *     `CONNECTION_LOST`: The connection was lost while waiting for the answer
         */
        "Problem503-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `DEPENDENCY_UNAVAILABLE`: A dependency of this service is down
         *     `NOT_SENT`: The service cannot be reached
         *     `NO_RESPONDER`: The service is not running
         *     `QUEUE_FULL`: The service is overloaded
         *     `CIRCUIT_OPEN`: The service is failing and gets time to recover
         *     `CONNECTION_LOST`: The connection was lost while waiting for the answer
         */
        "Problem503-3": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Retry-After": components["headers"]["Retry-After"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `DEPENDENCY_UNAVAILABLE`: A dependency of this service is down */
        "Problem503-4": {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `TIMEOUT`: The service did not answer in time */
        Problem504: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `TIMEOUT`: The service did not answer in time */
        "Problem504-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `STORAGE_FULL`: There is not enough storage for this file */
        Problem507: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `STORAGE_FULL`: There is not enough storage for this file */
        "Problem507-2": {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "Tus-Resumable": components["headers"]["Tus-Resumable"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The file can be fetched in byte ranges. */
        "Accept-Ranges": string;
        /** @description Who may keep the answer, and for how many seconds. */
        "Cache-Control": string;
        /** @description By which a cache can purge all files of a video. */
        "Cache-Tag": string;
        /** @description File name to save the answer under. */
        "Content-Disposition": string;
        /** @description Which bytes of how many these are (RFC 9110). */
        "Content-Range": string;
        /** @description Validator of this representation, for If-None-Match and If-Range. */
        ETag: string;
        /** @description `true`: the answer of an earlier request with the same Idempotency-Key. */
        "Idempotent-Replayed": string;
        /** @description Address to send the bytes of the upload to. */
        Location: string;
        /** @description Requests left (r) and seconds until the window ends (t), by policy. */
        RateLimit: string;
        /** @description Requests (q) allowed in a window of w seconds, by policy. */
        "RateLimit-Policy": string;
        /** @description SHA-256 of the answer (RFC 9530). */
        "Repr-Digest": string;
        /** @description Seconds to wait before the next try. */
        "Retry-After": number;
        /** @description The same as Cache-Tag. */
        "Surrogate-Key": string;
        /** @description Version of the tus protocol that the server speaks. */
        "Tus-Resumable": string;
        /** @description Whether the upload is complete; in the IETF protocol. */
        "Upload-Complete": string;
        /** @description `1`: the length of the file is not known yet; in tus. */
        "Upload-Defer-Length": string;
        /** @description When the upload is removed unless another request comes. */
        "Upload-Expires": string;
        /** @description Bytes of the whole file. */
        "Upload-Length": number;
        /** @description Most bytes that the file may have, and seconds until the upload is removed; in the IETF protocol. */
        "Upload-Limit": string;
        /** @description The metadata that the client gave. */
        "Upload-Metadata": string;
        /** @description Bytes of the upload that are stored durably. */
        "Upload-Offset": number;
        /** @description What kind of credentials are expected (RFC 6750). */
        "WWW-Authenticate": string;
        /** @description Id of this request, for support and logs. */
        "X-Request-Id": string;
        /** @description Id of the video whose source is being uploaded. */
        "X-Video-Id": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getJwks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JwkSet"];
                };
            };
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It runs */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GetLivenessResult"];
                };
            };
            /** @description `BAD_REQUEST`: The HTTP request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOembed: {
        parameters: {
            query: {
                /** @description Format of the answer; there is no other. */
                format?: "json";
                /** @description Most pixels that the player may be high. */
                maxheight?: number;
                /** @description Most pixels that the player may be wide. */
                maxwidth?: number;
                /** @description Address of the page of a video. */
                url: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The frame or link */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GetOembedResult"];
                };
            };
            400: components["responses"]["Problem400-2"];
            404: components["responses"]["Problem404-2"];
            409: components["responses"]["Problem409"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getPlayedFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Path of a playlist or segment, as the master playlist names it. */
                file: string;
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A playlist or a segment */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                    "image/jpeg": string;
                    "text/vtt": string;
                    "video/mp4": string;
                };
            };
            /** @description The range of a segment */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                    "text/vtt": string;
                    "video/mp4": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getPlayedCaptions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Language tag (BCP 47). */
                lang: string;
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description WebVTT */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/vtt": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/vtt": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getPlayedChapters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description WebVTT */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/vtt": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/vtt": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    downloadRendition: {
        parameters: {
            query?: {
                /** @description Id of the audio track, as `audioTracks` of the video has it; without it, the default one. */
                audio?: string;
            };
            header?: never;
            path: {
                /** @description Height of the rendition in pixels. */
                height: number;
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The whole file */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": string;
                };
            };
            /** @description The file is being made; ask again after Retry-After seconds */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Retry-After": components["headers"]["Retry-After"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DownloadPreparing"];
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-19"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409-8"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    downloadAudio: {
        parameters: {
            query?: {
                /** @description Id of the audio track, as `audioTracks` of the video has it; without it, the default one. */
                audio?: string;
            };
            header?: never;
            path: {
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The whole file */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "audio/mp4": string;
                };
            };
            /** @description The file is being made; ask again after Retry-After seconds */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Retry-After": components["headers"]["Retry-After"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DownloadPreparing"];
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "audio/mp4": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-19"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409-8"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getFrame: {
        parameters: {
            query?: {
                /** @description Second of the video. Its frame is the last one that begins then or before. */
                time?: string;
                /** @description Width in pixels; without it, and at most, that of the largest rendition. */
                width?: string;
            };
            header?: never;
            path: {
                /** @description File format. */
                format: "jpg" | "webp" | "avif";
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/avif": string;
                    "image/jpeg": string;
                    "image/webp": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/avif": string;
                    "image/jpeg": string;
                    "image/webp": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `FRAME_NOT_FOUND`: This video has no frame at that time
             *     `FILE_NOT_FOUND`: There is no such file
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `PLAYBACK_NOT_READY`: This video cannot be played yet
             *     `VIDEO_NOT_READY`: This video is not ready yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            /**
             * @description `STILL_LIMIT_REACHED`: Too many pictures of this video are being made at the moment
             *     `STILL_NOT_READY`: This picture is still being made; ask again
             *     `STILL_FAILED`: This picture could not be made
             *     `DEPENDENCY_UNAVAILABLE`: A dependency of this service is down
             *     `NOT_SENT`: The service cannot be reached
             *     `NO_RESPONDER`: The service is not running
             *     `QUEUE_FULL`: The service is overloaded
             *     `CIRCUIT_OPEN`: The service is failing and gets time to recover
             *     `CONNECTION_LOST`: The connection was lost while waiting for the answer
             */
            503: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Retry-After": components["headers"]["Retry-After"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getMasterPlaylist: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The playlist (RFC 8216) */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apple.mpegurl": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getPoster: {
        parameters: {
            query?: {
                /** @description Width in pixels; without it that of the poster. */
                width?: number;
            };
            header?: never;
            path: {
                /** @description File format. */
                format: "jpg" | "webp" | "avif";
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The poster */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/avif": string;
                    "image/jpeg": string;
                    "image/webp": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/avif": string;
                    "image/jpeg": string;
                    "image/webp": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getPreview: {
        parameters: {
            query?: {
                /** @description Width in pixels. */
                width?: number;
            };
            header?: never;
            path: {
                /** @description File format. */
                format: "webp" | "gif";
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An animation */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/gif": string;
                    "image/webp": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/gif": string;
                    "image/webp": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getPlayedSource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file, or what is left of it */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": string;
                    "video/webm": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": string;
                    "video/webm": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `SOURCE_NOT_PLAYABLE`: The uploaded file of this video cannot be watched as it is
             *     `FILE_NOT_FOUND`: There is no such file
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getStoryboard: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description WebVTT */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/vtt": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getThumbnail: {
        parameters: {
            query?: {
                /** @description Second of the video. */
                time?: number | null;
                /** @description Width in pixels. */
                width?: number;
            };
            header?: never;
            path: {
                /** @description File format. */
                format: "jpg" | "webp" | "avif";
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/avif": string;
                    "image/jpeg": string;
                    "image/webp": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/avif": string;
                    "image/jpeg": string;
                    "image/webp": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getWaveform: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Playback token, or the id of a public or unlisted video. */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The waveform */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-18"];
            404: components["responses"]["Problem404-14"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getReadiness: {
        parameters: {
            query?: {
                /** @description With any value: the result of each check as well; for administrators. */
                verbose?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request does not have the required shape */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `UNAUTHENTICATED`: Sign in first */
            401: {
                headers: {
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not ready */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    getUploadLinkOffer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Token of the upload link, as it is in its address. */
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the link takes */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadLinkOffer"];
                };
            };
            400: components["responses"]["Problem400-6"];
            403: components["responses"]["Problem403-16"];
            404: components["responses"]["Problem404-10"];
            410: components["responses"]["Problem410-3"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    putUploadLinkFile: {
        parameters: {
            query?: never;
            header?: {
                /** @description File name (RFC 6266). */
                "Content-Disposition"?: string;
                /** @description In the IETF protocol: whether the file ends with this request. */
                "Upload-Complete"?: "?0" | "?1";
                /** @description Version of the IETF protocol that the client speaks; then it is sent `104 Upload Resumption Supported`. */
                "Upload-Draft-Interop-Version"?: "8";
            };
            path: {
                /** @description Token of the upload link, as it is in its address. */
                token: string;
            };
            cookie?: never;
        };
        /** @description The file */
        requestBody: {
            content: {
                "video/*": string;
            };
        };
        responses: {
            /** @description The upload was created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Expires": components["headers"]["Upload-Expires"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The file is complete; processing begins. In the IETF protocol */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadLinkVideo"];
                };
            };
            400: components["responses"]["Problem400-7"];
            401: components["responses"]["Problem401-5"];
            403: components["responses"]["Problem403-17"];
            404: components["responses"]["Problem404-11"];
            409: components["responses"]["Problem409-5"];
            410: components["responses"]["Problem410-4"];
            412: components["responses"]["Problem412-2"];
            413: components["responses"]["Problem413-2"];
            415: components["responses"]["Problem415-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createUploadLinkUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description Version of the tus protocol. Without this header the request is one of the IETF protocol. */
                "Tus-Resumable"?: "1.0.0";
                /** @description In the IETF protocol: whether the file ends with this request. */
                "Upload-Complete"?: "?0" | "?1";
                /** @description Version of the IETF protocol that the client speaks; then it is sent `104 Upload Resumption Supported`. */
                "Upload-Draft-Interop-Version"?: "8";
                /** @description Bytes of the whole file. In the IETF protocol it may be given later. */
                "Upload-Length"?: string;
                /** @description `filename` and `filetype`; `videoId` and `projectId` are refused. Values in base64. */
                "Upload-Metadata"?: string;
            };
            path: {
                /** @description Token of the upload link, as it is in its address. */
                token: string;
            };
            cookie?: never;
        };
        /** @description Bytes of the file; not in tus */
        requestBody?: {
            content: {
                "video/*": string;
            };
        };
        responses: {
            /** @description The upload was created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Expires": components["headers"]["Upload-Expires"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The file is complete; processing begins. In the IETF protocol */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadLinkVideo"];
                };
            };
            /**
             * @description `UPLOAD_LENGTH_INCONSISTENT`: The lengths that were given for this upload differ
             *     `UPLOAD_EMPTY`: The upload has no bytes
             *     `UPLOAD_COMPLETED`: This upload is already complete
             *     `VALIDATION_FAILED`: The request does not have the required shape
             *     `UPLOAD_INCOMPLETE`: The upload ended before all bytes arrived
             *     `BAD_REQUEST`: The HTTP request is malformed
             */
            400: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Problem401-5"];
            403: components["responses"]["Problem403-17"];
            404: components["responses"]["Problem404-11"];
            409: components["responses"]["Problem409-5"];
            410: components["responses"]["Problem410-4"];
            412: components["responses"]["Problem412-2"];
            413: components["responses"]["Problem413-2"];
            415: components["responses"]["Problem415-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    abandonUploadLinkUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description Version of the tus protocol. Without this header the request is one of the IETF protocol. */
                "Tus-Resumable"?: "1.0.0";
            };
            path: {
                /** @description Token of the upload link, as it is in its address. */
                token: string;
                /** @description Id of the upload. */
                uploadId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The upload was abandoned */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-3"];
            403: components["responses"]["Problem403-16"];
            404: components["responses"]["Problem404-12"];
            410: components["responses"]["Problem410-3"];
            412: components["responses"]["Problem412-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getUploadLinkUploadOffset: {
        parameters: {
            query?: never;
            header?: {
                /** @description Version of the tus protocol. Without this header the request is one of the IETF protocol. */
                "Tus-Resumable"?: "1.0.0";
            };
            path: {
                /** @description Token of the upload link, as it is in its address. */
                token: string;
                /** @description Id of the upload. */
                uploadId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How far the upload has come; in tus */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Defer-Length": components["headers"]["Upload-Defer-Length"];
                    "Upload-Expires": components["headers"]["Upload-Expires"];
                    "Upload-Length": components["headers"]["Upload-Length"];
                    "Upload-Metadata": components["headers"]["Upload-Metadata"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The same in the IETF protocol */
            204: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Length": components["headers"]["Upload-Length"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-3"];
            403: components["responses"]["Problem403-16"];
            404: components["responses"]["Problem404-12"];
            410: components["responses"]["Problem410-4"];
            412: components["responses"]["Problem412-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    continueUploadLinkUpload: {
        parameters: {
            query?: never;
            header: {
                /** @description Version of the tus protocol. Without this header the request is one of the IETF protocol. */
                "Tus-Resumable"?: "1.0.0";
                /** @description In the IETF protocol: whether the file ends with this request. */
                "Upload-Complete"?: "?0" | "?1";
                /** @description Bytes of the whole file. In the IETF protocol it may be given later. */
                "Upload-Length"?: string;
                /** @description Bytes that are stored already, where these continue. */
                "Upload-Offset": string;
            };
            path: {
                /** @description Token of the upload link, as it is in its address. */
                token: string;
                /** @description Id of the upload. */
                uploadId: string;
            };
            cookie?: never;
        };
        /** @description Bytes of the file */
        requestBody: {
            content: {
                "application/offset+octet-stream": string;
                "application/partial-upload": string;
            };
        };
        responses: {
            /** @description The file is complete; processing begins. In the IETF protocol */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadLinkVideo"];
                };
            };
            /** @description The bytes up to Upload-Offset are stored */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Expires": components["headers"]["Upload-Expires"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `UPLOAD_COMPLETED`: This upload is already complete
             *     `UPLOAD_LENGTH_INCONSISTENT`: The lengths that were given for this upload differ
             *     `UPLOAD_EMPTY`: The upload has no bytes
             *     `VALIDATION_FAILED`: The request does not have the required shape
             *     `UPLOAD_INCOMPLETE`: The upload ended before all bytes arrived
             *     `BAD_REQUEST`: The HTTP request is malformed
             */
            400: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Problem403-17"];
            404: components["responses"]["Problem404-11"];
            /**
             * @description `UPLOAD_OFFSET_MISMATCH`: The upload has another offset; request it with HEAD and continue there
             *     `SOURCE_ALREADY_UPLOADED`: This video already has its source
             *     `UPLOAD_SUPERSEDED`: Another request has taken over this upload
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            410: components["responses"]["Problem410-4"];
            412: components["responses"]["Problem412-2"];
            413: components["responses"]["Problem413-2"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getUploadLinkVideo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Token of the upload link, as it is in its address. */
                token: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its state */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadLinkVideo"];
                };
            };
            400: components["responses"]["Problem400-3"];
            403: components["responses"]["Problem403-16"];
            /**
             * @description `UPLOAD_LINK_NOT_FOUND`: There is no such upload link
             *     `VIDEO_NOT_FOUND`: There is no such video
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            410: components["responses"]["Problem410-3"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    checkDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description What the address opens and until when, signed; playlists have it. */
                address: string;
                /** @description Name of the rendition; `none` for audio, pictures and captions. */
                rendition: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It may. Cache-Control is what the file is to be sent with */
            204: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-9"];
            403: components["responses"]["Problem403-20"];
            /** @description `RATE_LIMITED`: Too many requests */
            429: {
                headers: {
                    "Retry-After": components["headers"]["Retry-After"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["Problem503-4"];
        };
    };
    getDeliveredFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description What the address opens and until when, signed; playlists have it. */
                address: string;
                /** @description Path of the file, as a playlist names it. */
                file: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Cache-Tag": components["headers"]["Cache-Tag"];
                    ETag: components["headers"]["ETag"];
                    "Surrogate-Key": components["headers"]["Surrogate-Key"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                    "text/vtt": string;
                    "video/mp4": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Cache-Tag": components["headers"]["Cache-Tag"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    "Surrogate-Key": components["headers"]["Surrogate-Key"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                    "text/vtt": string;
                    "video/mp4": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Cache-Tag": components["headers"]["Cache-Tag"];
                    ETag: components["headers"]["ETag"];
                    "Surrogate-Key": components["headers"]["Surrogate-Key"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-9"];
            403: components["responses"]["Problem403-20"];
            /** @description `FILE_NOT_FOUND`: There is no such file */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RANGE_NOT_SATISFIABLE`: The requested range is outside the file */
            416: {
                headers: {
                    "Content-Range": components["headers"]["Content-Range"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `RATE_LIMITED`: Too many requests
             *     `BANDWIDTH_LIMITED`: Too many bytes were sent to this address
             *     `CONCURRENCY_LIMITED`: Too many files are being sent to this address at once
             */
            429: {
                headers: {
                    "Retry-After": components["headers"]["Retry-After"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: components["responses"]["Problem503-4"];
        };
    };
    searchAudit: {
        parameters: {
            query?: {
                /** @description Only entries with this action, at most 100 characters */
                action?: string;
                /** @description Only actions by this actor: the id of an account or the name of a service, at most 100 characters */
                actorId?: string;
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Only entries at or after this time, ISO 8601 UTC */
                from?: string;
                /** @description Entries of a page. */
                limit?: number;
                /** @description Only entries with this outcome */
                outcome?: "success" | "failure";
                /** @description Only entries before this time, ISO 8601 UTC */
                to?: string;
                /** @description Only actions on the account with this id */
                userId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminAuditEntryPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listInvites: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitePage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createInvite: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateInvite"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewInvite"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            408: components["responses"]["Problem408"];
            /**
             * @description `EMAIL_TAKEN`: This e-mail address already has an account
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteInvite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the invitation */
                inviteId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            /** @description `INVITE_NOT_FOUND`: There is no such invitation */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listParked: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParkedPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getParked: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the message: that of its event, or a hash of a body that could not be read. */
                parkedId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParkedInFull"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-8"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    discardParked: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the message: that of its event, or a hash of a body that could not be read. */
                parkedId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-8"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    redriveParked: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the message: that of its event, or a hash of a body that could not be read. */
                parkedId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-8"];
            408: components["responses"]["Problem408"];
            /** @description `PARKED_UNREADABLE`: This message cannot be read, so sending it again would not help */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    updateProjectLimits: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the project. */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateProjectLimits"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getProjectUsage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the project. */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listServiceAccounts: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createServiceAccount: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateServiceAccount"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409-4"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listServiceAccountKeys: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id of the service account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyPage"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            /** @description `SERVICE_ACCOUNT_NOT_FOUND`: There is no such service account */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createServiceAccountKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id of the service account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateServiceAccountKey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            /**
             * @description `ACCOUNT_DISABLED`: This account is disabled
             *     `REAUTHENTICATION_REQUIRED`: This needs your password again
             *     `PASSWORD_WRONG`: The current password is wrong
             *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
             *     `FORBIDDEN`: You may not do this
             */
            403: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `SERVICE_ACCOUNT_NOT_FOUND`: There is no such service account
             *     `PROJECT_NOT_FOUND`: There is no such project
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409-3"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    revokeServiceAccountKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the API key */
                keyId: string;
                /** @description Id of the service account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            /**
             * @description `SERVICE_ACCOUNT_NOT_FOUND`: There is no such service account
             *     `API_KEY_NOT_FOUND`: There is no such API key
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listTasks: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
                /** @description Only entries with this status. */
                status?: "waiting" | "queued" | "running" | "done" | "failed" | "cancelled";
                /** @description Id of the video. */
                videoId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description `true`: only disabled accounts. `false`: only enabled ones. */
                disabled?: "true" | "false";
                /** @description Entries of a page. */
                limit?: number;
                /** @description Only accounts whose email address or display name contains this text, 1 to 200 characters */
                q?: string;
                /** @description Only accounts with this role */
                role?: "user" | "support" | "admin";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminUserPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminUser"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-7"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    eraseUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-7"];
            408: components["responses"]["Problem408"];
            /**
             * @description `LAST_ADMIN`: This is the last administrator; create another one first
             *     `LAST_OWNER`: This is the last owner of a project; hand it over or delete it first
             *     `OWN_ACCOUNT`: You cannot do this to your own account
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    updateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateUser"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminUser"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-7"];
            408: components["responses"]["Problem408"];
            /**
             * @description `LAST_ADMIN`: This is the last administrator; create another one first
             *     `OWN_ACCOUNT`: You cannot do this to your own account
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    updateUserLimits: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the account. */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateUserLimits"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-7"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    resetSecondFactor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-7"];
            408: components["responses"]["Problem408"];
            /** @description `OWN_ACCOUNT`: You cannot do this to your own account */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listUserSessions: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id of the account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-7"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    revokeUserSessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RevokeUserSessions"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-7"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    revokeUserSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the session */
                sessionId: string;
                /** @description Id of the account */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-4"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getUserUsage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the account. */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    findVideos: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Only videos with this id of their makers, in any project. */
                externalId?: string;
                /** @description Entries of a page. */
                limit?: number;
                /** @description Only videos that this account has made. */
                ownerId?: string;
                /** @description Only videos of this project. */
                projectId?: string;
                /** @description Text to look for in titles; with `projectId` or `ownerId`. */
                q?: string;
                /** @description Only entries with this status. */
                status?: "awaiting_upload" | "uploaded" | "processing" | "ready" | "failed";
                /** @description Only videos that came through this upload link. */
                uploadLinkId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindVideosResult"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    inspectVideo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InspectVideoResult"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    retryAnyVideo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetryAnyVideoResult"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            408: components["responses"]["Problem408"];
            /** @description `NOTHING_TO_RETRY`: This video has no failed tasks */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listVideoDeliveries: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryPage"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listApiKeys: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
                /** @description Only the keys of this project, whoever created them */
                projectId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateApiKey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            /**
             * @description `FORBIDDEN`: You may not do this
             *     `ACCOUNT_DISABLED`: This account is disabled
             *     `REAUTHENTICATION_REQUIRED`: This needs your password again
             *     `PASSWORD_WRONG`: The current password is wrong
             *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
             */
            403: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409-3"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    revokeApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the API key */
                keyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            /** @description `API_KEY_NOT_FOUND`: There is no such API key */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntryPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    resendVerification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResendVerification"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            400: components["responses"]["Problem400"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    verifyEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VerifyEmail"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `MAIL_TOKEN_INVALID`: This link is not valid: it was used or replaced, or it has expired
             *     `VALIDATION_FAILED`: The request does not have the required shape
             *     `MALFORMED_JSON`: The body is not valid JSON
             */
            400: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: {
                /** @description Where the refresh token travels. `cookie`: in a cookie that no script can read, for pages of allowed origins. */
                "X-Session-Transport"?: "body" | "cookie";
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResult"];
                };
            };
            400: components["responses"]["Problem400"];
            /** @description `INVALID_CREDENTIALS`: E-mail or password is wrong */
            401: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Problem403-4"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `csrfToken` of the session; required if the refresh token is in a cookie. */
                "X-CSRF-Token"?: string;
                /** @description Where the refresh token travels. `cookie`: in a cookie that no script can read, for pages of allowed origins. */
                "X-Session-Transport"?: "body" | "cookie";
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Logout"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            /**
             * @description `UNAUTHENTICATED`: Sign in first
             *     `REFRESH_INVALID`: The refresh token is not valid
             *     `REFRESH_TRANSPORT_MISMATCH`: This session uses another transport for its refresh token
             *     `TOKEN_INVALID`: The access token is not valid
             *     `TOKEN_EXPIRED`: The access token has expired
             *     `TOKEN_REVOKED`: The access token was revoked
             *     `KEY_RETIRED`: The key that signed the access token was retired
             *     `REFRESH_REUSED`: A refresh token was used twice; the session was ended
             *     `PASSWORD_CHANGED`: The password was changed; sign in again
             *     `API_KEY_INVALID`: The API key is not valid
             *     `API_KEY_EXPIRED`: The API key has expired
             *     `API_KEY_REVOKED`: The API key was revoked
             *     `ACCOUNT_ERASED`: This account was deleted
             */
            401: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `ORIGIN_NOT_ALLOWED`: Pages of this origin may not use cookie sessions
             *     `CSRF_FAILED`: The CSRF token is missing or belongs to another session
             *     `ACCOUNT_DISABLED`: This account is disabled
             *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
             */
            403: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    logoutAll: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LogoutAll"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-5"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    eraseMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EraseMe"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            /**
             * @description `PASSWORD_WRONG`: The current password is wrong
             *     `MFA_CODE_REQUIRED`: This account also needs a code
             *     `MFA_CODE_WRONG`: The code is wrong or was already used
             *     `ACCOUNT_DISABLED`: This account is disabled
             *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
             */
            403: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            /**
             * @description `MFA_NOT_ENABLED`: This account has no authenticator app
             *     `LAST_ADMIN`: This is the last administrator; create another one first
             *     `LAST_OWNER`: This is the last owner of a project; hand it over or delete it first
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429-2"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    updateMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateMe"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-5"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    exportMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A JSON file */
            200: {
                headers: {
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonalData"];
                };
            };
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-5"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    finishLogin: {
        parameters: {
            query?: never;
            header?: {
                /** @description Where the refresh token travels. `cookie`: in a cookie that no script can read, for pages of allowed origins. */
                "X-Session-Transport"?: "body" | "cookie";
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FinishLogin"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FinishLoginResult"];
                };
            };
            400: components["responses"]["Problem400"];
            /**
             * @description `MFA_TOKEN_INVALID`: This sign-in is unknown or has ended; sign in again
             *     `MFA_TOKEN_EXPIRED`: This sign-in took too long; sign in again
             *     `MFA_TOKEN_EXHAUSTED`: Too many wrong codes; sign in again
             *     `MFA_CODE_INVALID`: The code is wrong or was already used
             *     `PASSKEY_INVALID`: This passkey was not accepted
             */
            401: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `ACCOUNT_DISABLED`: This account is disabled
             *     `ORIGIN_NOT_ALLOWED`: Pages of this origin may not use cookie sessions
             */
            403: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429-2"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    beginMfaPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BeginMfaPasskey"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MfaPasskeyChallenge"];
                };
            };
            400: components["responses"]["Problem400"];
            /**
             * @description `MFA_TOKEN_INVALID`: This sign-in is unknown or has ended; sign in again
             *     `MFA_TOKEN_EXPIRED`: This sign-in took too long; sign in again
             *     `MFA_TOKEN_EXHAUSTED`: Too many wrong codes; sign in again
             */
            401: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Problem403-7"];
            404: components["responses"]["Problem404-5"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listPasskeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-5"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    addPasskey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddPasskey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Passkey"];
                };
            };
            /**
             * @description `PASSKEY_CHALLENGE_INVALID`: This request has expired or was already used; start again
             *     `PASSKEY_UNACCEPTABLE`: This passkey cannot be added
             *     `VALIDATION_FAILED`: The request does not have the required shape
             *     `MALFORMED_JSON`: The body is not valid JSON
             */
            400: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-5"];
            408: components["responses"]["Problem408"];
            /**
             * @description `PASSKEY_LIMIT_REACHED`: This account has reached its limit of passkeys
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deletePasskey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the passkey */
                passkeyId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeletePasskey"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-6"];
            404: components["responses"]["Problem404-5"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    loginWithPasskey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Where the refresh token travels. `cookie`: in a cookie that no script can read, for pages of allowed origins. */
                "X-Session-Transport"?: "body" | "cookie";
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginWithPasskey"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginWithPasskeyResult"];
                };
            };
            /**
             * @description `PASSKEY_CHALLENGE_INVALID`: This request has expired or was already used; start again
             *     `VALIDATION_FAILED`: The request does not have the required shape
             *     `MALFORMED_JSON`: The body is not valid JSON
             */
            400: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `PASSKEY_INVALID`: This passkey was not accepted */
            401: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Problem403-4"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    beginPasskeyLogin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyChallenge"];
                };
            };
            400: components["responses"]["Problem400"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    beginPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["BeginPasskey"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyChallenge"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-8"];
            408: components["responses"]["Problem408"];
            /** @description `PASSKEY_LIMIT_REACHED`: This account has reached its limit of passkeys */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePassword"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-5"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-6"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    forgotPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForgotPassword"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            400: components["responses"]["Problem400"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetPassword"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `MAIL_TOKEN_INVALID`: This link is not valid: it was used or replaced, or it has expired
             *     `PASSWORD_UNACCEPTABLE`: This password is too easy to guess
             *     `VALIDATION_FAILED`: The request does not have the required shape
             *     `MALFORMED_JSON`: The body is not valid JSON
             */
            400: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `csrfToken` of the session; required if the refresh token is in a cookie. */
                "X-CSRF-Token"?: string;
                /** @description Where the refresh token travels. `cookie`: in a cookie that no script can read, for pages of allowed origins. */
                "X-Session-Transport"?: "body" | "cookie";
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RefreshResult"];
                };
            };
            400: components["responses"]["Problem400"];
            /**
             * @description `REFRESH_INVALID`: The refresh token is not valid
             *     `REFRESH_EXPIRED`: The session has expired; sign in again
             *     `REFRESH_REUSED`: A refresh token was used twice; the session was ended
             *     `REFRESH_TRANSPORT_MISMATCH`: This session uses another transport for its refresh token
             *     `SESSION_REVOKED`: The session was ended
             *     `PASSWORD_CHANGED`: The password was changed; sign in again
             *     `ACCOUNT_ERASED`: This account was deleted
             */
            401: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `ACCOUNT_DISABLED`: This account is disabled
             *     `ORIGIN_NOT_ALLOWED`: Pages of this origin may not use cookie sessions
             *     `CSRF_FAILED`: The CSRF token is missing or belongs to another session
             */
            403: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: {
                /** @description Where the refresh token travels. `cookie`: in a cookie that no script can read, for pages of allowed origins. */
                "X-Session-Transport"?: "body" | "cookie";
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Register"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisterResult"];
                };
            };
            /** @description Answer instead of tokens where email addresses must be verified. It is the same for new and for taken addresses. */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerificationRequired"];
                };
            };
            400: components["responses"]["Problem400-5"];
            /**
             * @description `REGISTRATION_CLOSED`: Accounts cannot be registered here
             *     `INVITE_INVALID`: This needs an invitation for this address that is neither used nor expired
             *     `ORIGIN_NOT_ALLOWED`: Pages of this origin may not use cookie sessions
             */
            403: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            /** @description `EMAIL_TAKEN`: This e-mail address already has an account */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-5"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    revokeSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the session */
                sessionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-5"];
            404: components["responses"]["Problem404-4"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    disableTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DisableTotp"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-9"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409-2"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429-2"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    enableTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnableTotp"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            /**
             * @description `MFA_CODE_WRONG`: The code is wrong or was already used
             *     `ACCOUNT_DISABLED`: This account is disabled
             *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
             */
            403: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            /**
             * @description `MFA_ALREADY_ENABLED`: This account already has an authenticator app
             *     `TOTP_SETUP_NOT_FOUND`: No authenticator app is being set up; start the setup again
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    renewRecoveryCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenewRecoveryCodes"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-9"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409-2"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429-2"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    setUpTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SetUpTotp"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotpSetup"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-8"];
            408: components["responses"]["Problem408"];
            /** @description `MFA_ALREADY_ENABLED`: This account already has an authenticator app */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listPlaybackKeys: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
                /** @description Id of the project. Without it that of the API key, or the personal project of the caller. */
                projectId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListPlaybackKeysResult"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createPlaybackKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CreatePlaybackKey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatePlaybackKeyResult"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            /** @description `PLAYBACK_KEY_LIMIT_REACHED`: This project has reached its limit of playback keys */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    retirePlaybackKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the playback key. */
                playbackKeyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            /** @description `PLAYBACK_KEY_NOT_FOUND`: There is no such playback key */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    acceptProjectInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AcceptProjectInvitation"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            /**
             * @description `INVITE_INVALID`: This needs an invitation for this address that is neither used nor expired
             *     `ACCOUNT_DISABLED`: This account is disabled
             *     `API_KEY_NOT_ACCEPTED`: This cannot be done with an API key
             */
            403: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            /**
             * @description `MEMBER_LIMIT_REACHED`: This project has reached its limit of members and invitations
             *     `PROJECT_LIMIT_REACHED`: This account has reached its limit of projects
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listProjects: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateProject"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-5"];
            408: components["responses"]["Problem408"];
            /**
             * @description `PROJECT_LIMIT_REACHED`: This account has reached its limit of projects
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of the answer that you have: if nothing has changed, the answer is 304 without a body. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description Id of the project */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteProject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the project */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteProject"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-11"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            /**
             * @description `PROJECT_IS_PERSONAL`: This is a personal project, which belongs to one account for good
             *     `MFA_NOT_ENABLED`: This account has no authenticator app
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429-2"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    updateProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of what you have read: if a member has updated it since, nothing is done (412). Processing of a video is no update. */
                "If-Match"?: string;
            };
            path: {
                /** @description Id of the project */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateProject"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            /** @description `PROJECT_CHANGED`: This project was changed since you read it */
            412: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listProjectInvitations: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id of the project */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectInvitationPage"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createProjectInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id of the project */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateProjectInvitation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectInvitation"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-12"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            /**
             * @description `PROJECT_IS_PERSONAL`: This is a personal project, which belongs to one account for good
             *     `MEMBER_EXISTS`: This address belongs to a member of the project
             *     `MEMBER_LIMIT_REACHED`: This project has reached its limit of members and invitations
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteProjectInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the invitation */
                invitationId: string;
                /** @description Id of the project */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            /**
             * @description `PROJECT_NOT_FOUND`: There is no such project
             *     `INVITE_NOT_FOUND`: There is no such invitation
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listMembers: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id of the project */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberPage"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    removeMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the project */
                projectId: string;
                /** @description Id of the account of the member */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-10"];
            404: components["responses"]["Problem404-6"];
            408: components["responses"]["Problem408"];
            /**
             * @description `PROJECT_IS_PERSONAL`: This is a personal project, which belongs to one account for good
             *     `LAST_OWNER`: This is the last owner of a project; hand it over or delete it first
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    updateMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the project */
                projectId: string;
                /** @description Id of the account of the member */
                userId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateMember"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-12"];
            404: components["responses"]["Problem404-6"];
            408: components["responses"]["Problem408"];
            /**
             * @description `PROJECT_IS_PERSONAL`: This is a personal project, which belongs to one account for good
             *     `LAST_OWNER`: This is the last owner of a project; hand it over or delete it first
             *     `PROJECT_LIMIT_REACHED`: This account has reached its limit of projects
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    handOverProject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the project */
                projectId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HandOverProject"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-11"];
            404: components["responses"]["Problem404-6"];
            408: components["responses"]["Problem408"];
            /**
             * @description `PROJECT_IS_PERSONAL`: This is a personal project, which belongs to one account for good
             *     `PROJECT_LIMIT_REACHED`: This account has reached its limit of projects
             *     `MFA_NOT_ENABLED`: This account has no authenticator app
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429-2"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503-2"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listUploadLinks: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
                /** @description Id of the project. Without it that of the API key, or the personal project of the caller. */
                projectId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadLinkPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-15"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createUploadLink: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CreateUploadLink"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewUploadLink"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403-15"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            /**
             * @description `UPLOAD_LINK_LIMIT_REACHED`: This project has reached its limit of upload links
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getUploadLink: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the upload link. */
                linkId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadLink"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-15"];
            404: components["responses"]["Problem404-10"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    revokeUploadLink: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the upload link. */
                linkId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-15"];
            404: components["responses"]["Problem404-10"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description Version of the tus protocol. Without this header the request is one of the IETF protocol. */
                "Tus-Resumable"?: "1.0.0";
                /** @description In the IETF protocol: whether the file ends with this request. */
                "Upload-Complete"?: "?0" | "?1";
                /** @description Version of the IETF protocol that the client speaks; then it is sent `104 Upload Resumption Supported`. */
                "Upload-Draft-Interop-Version"?: "8";
                /** @description Bytes of the whole file. In the IETF protocol it may be given later. */
                "Upload-Length"?: string;
                /** @description `videoId` of a video that waits for its source, or whose source is to be replaced; or `title`, `projectId`, `externalId` and `metadata` (pairs, as JSON) of a new one; `filename` and `filetype`. Values in base64. */
                "Upload-Metadata"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description Bytes of the file; not in tus */
        requestBody?: {
            content: {
                "video/*": string;
            };
        };
        responses: {
            /** @description The upload was created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Expires": components["headers"]["Upload-Expires"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The file is complete; processing begins. In the IETF protocol */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            /**
             * @description `UPLOAD_LENGTH_INCONSISTENT`: The lengths that were given for this upload differ
             *     `UPLOAD_EMPTY`: The upload has no bytes
             *     `UPLOAD_COMPLETED`: This upload is already complete
             *     `VALIDATION_FAILED`: The request does not have the required shape
             *     `UPLOAD_INCOMPLETE`: The upload ended before all bytes arrived
             *     `BAD_REQUEST`: The HTTP request is malformed
             */
            400: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `ACCOUNT_ERASED`: This account was deleted
             *     `TOKEN_INVALID`: The access token is not valid
             *     `TOKEN_EXPIRED`: The access token has expired
             *     `TOKEN_REVOKED`: The access token was revoked
             *     `KEY_RETIRED`: The key that signed the access token was retired
             *     `REFRESH_REUSED`: A refresh token was used twice; the session was ended
             *     `PASSWORD_CHANGED`: The password was changed; sign in again
             *     `API_KEY_INVALID`: The API key is not valid
             *     `API_KEY_EXPIRED`: The API key has expired
             *     `API_KEY_REVOKED`: The API key was revoked
             *     `UNAUTHENTICATED`: Sign in first
             */
            401: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Problem403-13"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `PROJECT_NOT_FOUND`: There is no such project
             *     `UPLOAD_NOT_FOUND`: There is no such upload
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `SOURCE_ALREADY_UPLOADED`: This video already has its source
             *     `REPLACEMENT_IN_PROGRESS`: The source of this video is being replaced already
             *     `VIDEO_LIMIT_REACHED`: This project has reached its limit of videos
             *     `EXTERNAL_ID_TAKEN`: Another video of this project has this external id
             *     `UPLOAD_LIMIT_REACHED`: This project has reached its limit of open uploads
             *     `UPLOAD_OFFSET_MISMATCH`: The upload has another offset; request it with HEAD and continue there
             *     `UPLOAD_SUPERSEDED`: Another request has taken over this upload
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            410: components["responses"]["Problem410-2"];
            412: components["responses"]["Problem412-3"];
            413: components["responses"]["Problem413-3"];
            /**
             * @description `SOURCE_TYPE_UNSUPPORTED`: This file type is not supported
             *     `UNSUPPORTED_MEDIA_TYPE`: The content type is not supported here
             */
            415: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Problem429-4"];
            500: components["responses"]["Problem500-2"];
            503: components["responses"]["Problem503-3"];
            504: components["responses"]["Problem504-2"];
            507: components["responses"]["Problem507-2"];
        };
    };
    abandonUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description Version of the tus protocol. Without this header the request is one of the IETF protocol. */
                "Tus-Resumable"?: "1.0.0";
            };
            path: {
                /** @description Id of the upload. */
                uploadId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The upload was abandoned */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-8"];
            401: components["responses"]["Problem401-4"];
            403: components["responses"]["Problem403-14"];
            404: components["responses"]["Problem404-9"];
            412: components["responses"]["Problem412-3"];
            429: components["responses"]["Problem429-4"];
            500: components["responses"]["Problem500-2"];
            503: components["responses"]["Problem503-3"];
            504: components["responses"]["Problem504-2"];
            507: components["responses"]["Problem507-2"];
        };
    };
    getUploadOffset: {
        parameters: {
            query?: never;
            header?: {
                /** @description Version of the tus protocol. Without this header the request is one of the IETF protocol. */
                "Tus-Resumable"?: "1.0.0";
            };
            path: {
                /** @description Id of the upload. */
                uploadId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How far the upload has come; in tus */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "Upload-Defer-Length": components["headers"]["Upload-Defer-Length"];
                    "Upload-Expires": components["headers"]["Upload-Expires"];
                    "Upload-Length": components["headers"]["Upload-Length"];
                    "Upload-Metadata": components["headers"]["Upload-Metadata"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The same in the IETF protocol */
            204: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Length": components["headers"]["Upload-Length"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-8"];
            401: components["responses"]["Problem401-4"];
            403: components["responses"]["Problem403-14"];
            404: components["responses"]["Problem404-9"];
            410: components["responses"]["Problem410-2"];
            412: components["responses"]["Problem412-3"];
            429: components["responses"]["Problem429-4"];
            500: components["responses"]["Problem500-2"];
            503: components["responses"]["Problem503-3"];
            504: components["responses"]["Problem504-2"];
            507: components["responses"]["Problem507-2"];
        };
    };
    continueUpload: {
        parameters: {
            query?: never;
            header: {
                /** @description Version of the tus protocol. Without this header the request is one of the IETF protocol. */
                "Tus-Resumable"?: "1.0.0";
                /** @description In the IETF protocol: whether the file ends with this request. */
                "Upload-Complete"?: "?0" | "?1";
                /** @description Bytes of the whole file. In the IETF protocol it may be given later. */
                "Upload-Length"?: string;
                /** @description Bytes that are stored already, where these continue. */
                "Upload-Offset": string;
            };
            path: {
                /** @description Id of the upload. */
                uploadId: string;
            };
            cookie?: never;
        };
        /** @description Bytes of the file */
        requestBody: {
            content: {
                "application/offset+octet-stream": string;
                "application/partial-upload": string;
            };
        };
        responses: {
            /** @description The file is complete; processing begins. In the IETF protocol */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            /** @description The bytes up to Upload-Offset are stored */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Expires": components["headers"]["Upload-Expires"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `UPLOAD_COMPLETED`: This upload is already complete
             *     `UPLOAD_LENGTH_INCONSISTENT`: The lengths that were given for this upload differ
             *     `UPLOAD_EMPTY`: The upload has no bytes
             *     `VALIDATION_FAILED`: The request does not have the required shape
             *     `UPLOAD_INCOMPLETE`: The upload ended before all bytes arrived
             *     `BAD_REQUEST`: The HTTP request is malformed
             */
            400: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Problem401-4"];
            403: components["responses"]["Problem403-13"];
            /**
             * @description `UPLOAD_NOT_FOUND`: There is no such upload
             *     `VIDEO_NOT_FOUND`: There is no such video
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `UPLOAD_OFFSET_MISMATCH`: The upload has another offset; request it with HEAD and continue there
             *     `SOURCE_ALREADY_UPLOADED`: This video already has its source
             *     `UPLOAD_SUPERSEDED`: Another request has taken over this upload
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            410: components["responses"]["Problem410-2"];
            412: components["responses"]["Problem412-3"];
            413: components["responses"]["Problem413-3"];
            /** @description `UNSUPPORTED_MEDIA_TYPE`: The content type is not supported here */
            415: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Tus-Resumable": components["headers"]["Tus-Resumable"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Problem429-4"];
            500: components["responses"]["Problem500-2"];
            503: components["responses"]["Problem503-3"];
            504: components["responses"]["Problem504-2"];
            507: components["responses"]["Problem507-2"];
        };
    };
    getUsage: {
        parameters: {
            query?: {
                /** @description Id of the project. Without it that of the API key, or the personal project of the caller. */
                projectId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listVideos: {
        parameters: {
            query?: {
                /** @description Only videos created later than this (UTC). */
                createdAfter?: string;
                /** @description Only videos created earlier than this (UTC). */
                createdBefore?: string;
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Only the video with this id. */
                externalId?: string;
                /** @description Only entries of this kind. */
                kind?: "video" | "audio";
                /** @description Entries of a page. */
                limit?: number;
                /** @description Only videos with these pairs, up to 10: `?metadata[customer]=42`. */
                metadata?: {
                    [key: string]: string;
                };
                /** @description Id of the project. Without it that of the API key, or the personal project of the caller. */
                projectId?: string;
                /** @description Text to look for in titles and descriptions. */
                q?: string;
                /** @description Field to sort by; with - in front, descending. */
                sort?: "createdAt" | "-createdAt" | "title" | "-title";
                /** @description Only entries with this status. */
                status?: "awaiting_upload" | "uploaded" | "processing" | "ready" | "failed";
                /** @description Only videos with this tag. */
                tag?: string;
                /** @description private: only members of its project and holders of a link. unlisted: whoever knows the id. public: everybody. */
                visibility?: "private" | "unlisted" | "public";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VideoPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createVideo: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateVideo"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            /**
             * @description `VIDEO_LIMIT_REACHED`: This project has reached its limit of videos
             *     `EXTERNAL_ID_TAKEN`: Another video of this project has this external id
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getVideo: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of the answer that you have: if nothing has changed, the answer is 304 without a body. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-3"];
            403: components["responses"]["Problem403-2"];
            404: components["responses"]["Problem404-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteVideo: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of what you have read: if a member has updated it since, nothing is done (412). Processing of a video is no update. */
                "If-Match"?: string;
            };
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            408: components["responses"]["Problem408"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    updateVideo: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of what you have read: if a member has updated it since, nothing is done (412). Processing of a video is no update. */
                "If-Match"?: string;
            };
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateVideo"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            408: components["responses"]["Problem408"];
            /** @description `EXTERNAL_ID_TAKEN`: Another video of this project has this external id */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    putAudioTrack: {
        parameters: {
            query?: {
                /** @description Whether it describes the frames to people who do not see them. */
                audioDescription?: "true" | "false";
                /** @description Language tag (BCP 47); without it, unknown. */
                language?: string;
                /** @description What the menu of a player shows; without it the name of the language. */
                name?: string;
            };
            header?: never;
            path: {
                /** @description Id of the audio track, within its video. */
                trackId: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        /** @description The file */
        requestBody: {
            content: {
                "audio/*": string;
            };
        };
        responses: {
            /** @description Stored; the track is processed */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            /**
             * @description `VALIDATION_FAILED`: The request does not have the required shape
             *     `UPLOAD_INCOMPLETE`: The upload ended before all bytes arrived
             *     `UPLOAD_EMPTY`: The upload has no bytes
             *     `BAD_REQUEST`: The HTTP request is malformed
             */
            400: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-3"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `AUDIO_TRACK_NOT_FOUND`: This video has no such audio track
             *     `UPLOAD_NOT_FOUND`: There is no such upload
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `VIDEO_NOT_READY`: This video is not ready yet
             *     `AUDIO_TRACK_OF_SOURCE`: This audio track is one of the source: it can be hidden, but neither replaced nor deleted
             *     `AUDIO_TRACK_LIMIT_REACHED`: This video has reached its limit of audio tracks
             *     `UPLOAD_LIMIT_REACHED`: This project has reached its limit of open uploads
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413-2"];
            415: components["responses"]["Problem415-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteAudioTrack: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the audio track, within its video. */
                trackId: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-3"];
            408: components["responses"]["Problem408"];
            /**
             * @description `VIDEO_NOT_READY`: This video is not ready yet
             *     `AUDIO_TRACK_OF_SOURCE`: This audio track is one of the source: it can be hidden, but neither replaced nor deleted
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    updateAudioTrack: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the audio track, within its video. */
                trackId: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateAudioTrack"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-3"];
            408: components["responses"]["Problem408"];
            /** @description `VIDEO_NOT_READY`: This video is not ready yet */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listCaptions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaptionsPage"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-3"];
            403: components["responses"]["Problem403-2"];
            404: components["responses"]["Problem404-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    putCaptions: {
        parameters: {
            query?: {
                /** @description What the menu of a player shows. */
                label?: string;
            };
            header?: never;
            path: {
                /** @description Language tag (BCP 47). */
                lang: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        /** @description WebVTT or SRT, up to 1 MiB */
        requestBody: {
            content: {
                "text/vtt": string;
            };
        };
        responses: {
            /** @description What was understood */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PutCaptions"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-3"];
            404: components["responses"]["Problem404-2"];
            /** @description `CAPTIONS_LIMIT_REACHED`: This video has reached its limit of caption languages */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            /** @description `CAPTIONS_INVALID`: These captions are neither valid WebVTT nor SRT */
            422: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteCaptions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Language tag (BCP 47). */
                lang: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `CAPTIONS_NOT_FOUND`: This video has no captions in this language
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getChapters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chapters"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-3"];
            403: components["responses"]["Problem403-2"];
            404: components["responses"]["Problem404-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    putChapters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PutChapters"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chapters"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-3"];
            404: components["responses"]["Problem404-2"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteChapters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createClip: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateClip"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403-3"];
            404: components["responses"]["Problem404-2"];
            408: components["responses"]["Problem408"];
            /**
             * @description `VIDEO_NOT_READY`: This video is not ready yet
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            410: components["responses"]["Problem410"];
            /**
             * @description `UPLOAD_TOO_LARGE`: The file is larger than allowed
             *     `BODY_TOO_LARGE`: The body is too large
             */
            413: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    streamEvents: {
        parameters: {
            query?: never;
            header?: {
                /** @description Sent by browsers; the stream always starts with the current state. */
                "Last-Event-ID"?: string;
            };
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream without end */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["VideoEvent"];
                };
            };
            400: components["responses"]["Problem400-6"];
            401: components["responses"]["Problem401-3"];
            403: components["responses"]["Problem403-2"];
            404: components["responses"]["Problem404-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createEventsToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token */
            201: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventsToken"];
                };
            };
            400: components["responses"]["Problem400-6"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    streamEventsByToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Events token. */
                token: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream without end */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["VideoEvent"];
                };
            };
            400: components["responses"]["Problem400-6"];
            /**
             * @description `EVENTS_TOKEN_INVALID`: The events token is not valid, has expired, or is of another video
             *     `TOKEN_INVALID`: The access token is not valid
             *     `TOKEN_EXPIRED`: The access token has expired
             *     `TOKEN_REVOKED`: The access token was revoked
             *     `KEY_RETIRED`: The key that signed the access token was retired
             *     `REFRESH_REUSED`: A refresh token was used twice; the session was ended
             *     `PASSWORD_CHANGED`: The password was changed; sign in again
             *     `API_KEY_INVALID`: The API key is not valid
             *     `API_KEY_EXPIRED`: The API key has expired
             *     `API_KEY_REVOKED`: The API key was revoked
             *     `ACCOUNT_ERASED`: This account was deleted
             */
            401: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Problem403-7"];
            404: components["responses"]["Problem404-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getPassport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The passport, as it was written when the video became ready */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Repr-Digest": components["headers"]["Repr-Digest"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Passport"];
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Repr-Digest": components["headers"]["Repr-Digest"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Passport"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Repr-Digest": components["headers"]["Repr-Digest"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `PASSPORT_NOT_READY`: This video has no passport yet; it gets one when it is ready
             *     `FILE_NOT_FOUND`: There is no such file
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createPlaybackToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CreatePlaybackToken"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaybackToken"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            408: components["responses"]["Problem408"];
            /**
             * @description `PLAYBACK_NOT_READY`: This video cannot be played yet
             *     `PLAYBACK_LINK_LIMIT_REACHED`: This project has reached its limit of playback links
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    revokePlaybackToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the playback link. */
                tokenId: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `PLAYBACK_TOKEN_NOT_FOUND`: There is no such playback token
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    choosePoster: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChoosePoster"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            408: components["responses"]["Problem408"];
            /**
             * @description `PLAYBACK_NOT_READY`: This video cannot be played yet
             *     `VIDEO_WITHOUT_FRAMES`: This video has audio only, so no frame can be chosen
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    retryVideo: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RetryVideo"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `RENDITION_NOT_FOUND`: This video has no such rendition
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            /**
             * @description `NOTHING_TO_RETRY`: This video has no failed tasks
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    revokeDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevokeDeliveryResult"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    downloadSource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Repr-Digest": components["headers"]["Repr-Digest"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description The requested byte range */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Repr-Digest": components["headers"]["Repr-Digest"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Repr-Digest": components["headers"]["Repr-Digest"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-6"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `SOURCE_NOT_FOUND`: This video has no uploaded file
             *     `FILE_NOT_FOUND`: There is no such file
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            410: components["responses"]["Problem410"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429-3"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    putSource: {
        parameters: {
            query?: never;
            header?: {
                /** @description File name (RFC 6266). */
                "Content-Disposition"?: string;
                /** @description In the IETF protocol: whether the file ends with this request. */
                "Upload-Complete"?: "?0" | "?1";
                /** @description Version of the IETF protocol that the client speaks; then it is sent `104 Upload Resumption Supported`. */
                "Upload-Draft-Interop-Version"?: "8";
            };
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        /** @description The file */
        requestBody: {
            content: {
                "video/*": string;
            };
        };
        responses: {
            /** @description The upload was created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Expires": components["headers"]["Upload-Expires"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The file is complete; processing begins. In the IETF protocol */
            202: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "Upload-Complete": components["headers"]["Upload-Complete"];
                    "Upload-Limit": components["headers"]["Upload-Limit"];
                    "Upload-Offset": components["headers"]["Upload-Offset"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Video-Id": components["headers"]["X-Video-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            400: components["responses"]["Problem400-7"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403-3"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `PROJECT_NOT_FOUND`: There is no such project
             *     `UPLOAD_NOT_FOUND`: There is no such upload
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `SOURCE_ALREADY_UPLOADED`: This video already has its source
             *     `REPLACEMENT_IN_PROGRESS`: The source of this video is being replaced already
             *     `VIDEO_LIMIT_REACHED`: This project has reached its limit of videos
             *     `EXTERNAL_ID_TAKEN`: Another video of this project has this external id
             *     `UPLOAD_LIMIT_REACHED`: This project has reached its limit of open uploads
             *     `UPLOAD_OFFSET_MISMATCH`: The upload has another offset; request it with HEAD and continue there
             *     `UPLOAD_SUPERSEDED`: Another request has taken over this upload
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `UPLOAD_EXPIRED`: This upload has expired; start again */
            410: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            412: components["responses"]["Problem412-2"];
            413: components["responses"]["Problem413-2"];
            415: components["responses"]["Problem415-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getTaskLog: {
        parameters: {
            query?: {
                /** @description Number of the attempt; without it the last one that has a log. */
                attempt?: number;
            };
            header?: never;
            path: {
                /** @description Id of the task. */
                taskId: string;
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description At most 64 KiB */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["Problem400-6"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            /**
             * @description `VIDEO_NOT_FOUND`: There is no such video
             *     `TASK_LOG_NOT_FOUND`: There is no log of this attempt
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getTimeline: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-2"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    getWatermark: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Watermark"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-15"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    putWatermark: {
        parameters: {
            query?: {
                /** @description Opacity from 0.05 to 1. */
                opacity?: number;
                /** @description Where on the video the watermark is placed. */
                position?: "top-left" | "top-right" | "bottom-left" | "bottom-right" | "center";
                /** @description Width in percent of the width of the video. */
                width?: number;
            };
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        /** @description PNG, WebP or JPEG, up to 2 MiB */
        requestBody: {
            content: {
                "image/png": string;
            };
        };
        responses: {
            /** @description The watermark as it is stored */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Watermark"];
                };
            };
            400: components["responses"]["Problem400-6"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403-3"];
            404: components["responses"]["Problem404-2"];
            409: components["responses"]["Problem409-7"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            /** @description `WATERMARK_INVALID`: This image cannot be used as a watermark */
            422: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteWatermark: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the video. */
                videoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-15"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409-7"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: {
                /** @description Id of the project. Without it that of the API key, or the personal project of the caller. */
                projectId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookPage"];
                };
            };
            400: components["responses"]["Problem400-2"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateWebhook"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            /**
             * @description `WEBHOOK_LIMIT_REACHED`: This project has reached its limit of webhooks
             *     `IDEMPOTENCY_KEY_IN_USE`: The first request with this Idempotency-Key has no answer yet
             */
            409: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the webhook. */
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-13"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    updateWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the webhook. */
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateWebhook"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-13"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the previous page; without it the first page. */
                cursor?: string;
                /** @description Entries of a page. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id of the webhook. */
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryPage"];
                };
            };
            400: components["responses"]["Problem400-3"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-13"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    redeliverWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id of the delivery. */
                deliveryId: string;
                /** @description Id of the webhook. */
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            /**
             * @description `WEBHOOK_NOT_FOUND`: There is no such webhook
             *     `WEBHOOK_DELIVERY_NOT_FOUND`: There is no such delivery
             */
            404: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409-6"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429-5"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id of the webhook. */
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-13"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409-4"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    testWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description A random name of this request, by the caller: 1 to 255 printable ASCII characters, with or without quotes. For a day the same request with it gets the same answer and does nothing; another request is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id of the webhook. */
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "Idempotent-Replayed": components["headers"]["Idempotent-Replayed"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            400: components["responses"]["Problem400-4"];
            401: components["responses"]["Problem401-2"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404-13"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409-6"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429-5"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
            507: components["responses"]["Problem507"];
        };
    };
    receiveEvent: {
        parameters: {
            query?: never;
            header: {
                /** @description Id of the delivery; the same at each attempt. */
                "webhook-id": string;
                /** @description One or more signatures, separated by spaces: `v1,` and the HMAC-SHA256 in base64. */
                "webhook-signature": string;
                /** @description Time it was sent, in seconds since 1970. */
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookPayload"];
            };
        };
        responses: {
            /** @description Received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No longer wanted: the webhook is disabled */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not received: the message is sent again later */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
