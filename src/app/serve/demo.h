#pragma once

namespace sluice::app {

/// Starts a server on free ports with a temporary folder, sends messages to it and reads them back
/// over the network as any client would, and says what it did. Gives the process's exit code.
int demo();

}  // namespace sluice::app
