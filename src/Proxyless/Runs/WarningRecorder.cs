namespace Proxyless;

/// <summary>Passes everything on and keeps the warnings for the report.</summary>
/// <param name="inner">Who hears of it.</param>
internal sealed class WarningRecorder(IRunObserver inner) : IRunObserver
{
    private readonly List<string> _warnings = [];

    /// <summary>The warnings so far.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <inheritdoc/>
    public void Progress(RunProgress progress) => inner.Progress(progress);

    /// <inheritdoc/>
    public void Message(string text) => inner.Message(text);

    /// <inheritdoc/>
    public void Warning(string text)
    {
        _warnings.Add(text);
        inner.Warning(text);
    }
}
