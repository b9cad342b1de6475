using System.Text;

namespace Proxyless.Latency;

/// <summary>
/// What a program prints on one stream: its beginning, to be shown, and its end, where the result is. What is between
/// is not kept, however much it is. Any thread may use it.
/// </summary>
internal sealed class PrintedText
{
    /// <summary>The most characters of the end that are kept.</summary>
    public const int MostOfEnd = 1 << 20;

    /// <summary>The most characters of the beginning that are kept.</summary>
    public const int MostOfBeginning = 1000;

    private const int Piece = 1 << 14;

    private readonly Lock _lock = new();
    private readonly StringBuilder _beginning = new();
    private readonly StringBuilder _end = new();
    private bool _isCut;

    /// <summary>The first characters that are not blank.</summary>
    public string Beginning
    {
        get
        {
            lock (_lock)
            {
                return _beginning.ToString();
            }
        }
    }

    /// <summary>The last characters, from the beginning of a line on if there is one.</summary>
    public string End
    {
        get
        {
            lock (_lock)
            {
                Cut();
                string end = _end.ToString();
                return _isCut ? end[(end.IndexOf('\n', StringComparison.Ordinal) + 1)..] : end;
            }
        }
    }

    /// <summary>Reads a stream to its end.</summary>
    public async Task ReadAsync(TextReader stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        char[] piece = new char[Piece];
        int count;
        while ((count = await stream.ReadAsync(piece, cancellationToken).ConfigureAwait(false)) > 0)
        {
            Add(piece.AsSpan(0, count));
        }
    }

    /// <summary>Adds what was printed.</summary>
    internal void Add(ReadOnlySpan<char> text)
    {
        lock (_lock)
        {
            ReadOnlySpan<char> first = _beginning.Length == 0 ? text.TrimStart() : text;
            _beginning.Append(first[..Math.Min(first.Length, MostOfBeginning - _beginning.Length)]);
            _end.Append(text);
            if (_end.Length > 2 * MostOfEnd)
            {
                Cut();
            }
        }
    }

    private void Cut()
    {
        if (_end.Length > MostOfEnd)
        {
            _end.Remove(0, _end.Length - MostOfEnd);
            _isCut = true;
        }
    }
}
