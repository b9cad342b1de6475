using System.Collections.Concurrent;

namespace Proxyless.Data;

/// <summary>
/// Images found to be unreadable while batches are made, each reported once. Decoding threads add them; the thread that
/// takes the batches reports them, because an observer is called from the job's own thread.
/// </summary>
internal sealed class UnreadableImages(bool strict, IRunObserver observer)
{
    private readonly ConcurrentDictionary<string, bool> _known = new();
    private readonly ConcurrentQueue<string> _untold = new();

    /// <summary>Records an image, or throws.</summary>
    /// <param name="exception">Why it cannot be read.</param>
    /// <param name="instead">What is used instead.</param>
    /// <exception cref="InvalidInputException">The images are read strictly.</exception>
    public void Add(InvalidInputException exception, string instead)
    {
        if (strict)
        {
            throw new InvalidInputException(
                $"{exception.Message}, though it was there when the images were opened. Restore it as it was and try "
                    + $"again, a run with RunOptions.Resume; a run continues with the images it began with, and with "
                    + $"no others.",
                exception
            );
        }

        if (_known.TryAdd(exception.Message, true))
        {
            _untold.Enqueue($"{exception.Message}. {instead}");
        }
    }

    /// <summary>Reports to the observer what has been found since the last call.</summary>
    public void Report()
    {
        while (_untold.TryDequeue(out string? message))
        {
            observer.Warning($"{message} ({_known.Count} so far).");
        }
    }
}
