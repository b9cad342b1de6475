using System.CommandLine;
using Proxyless.Bench;
using static System.FormattableString;

namespace Proxyless.Cli.Options;

/// <summary>A link between processes: of the commands that predict or simulate one.</summary>
/// <param name="meaning">What the bandwidth is for.</param>
/// <param name="otherwise">What holds without the option, for the help.</param>
internal sealed class LinkOptions(string meaning, string otherwise)
{
    private const double DefaultGbit = 10;
    private const double DefaultDelayUs = 30;
    private const double BytesPerGbit = 1e9 / 8;

    private readonly Option<double?> _bandwidth = Values.Number(
        "--gbit",
        "GBIT",
        $"{meaning}, in Gbit/s ({otherwise})",
        new NumberRange(0.001, 100_000)
    );

    private readonly Option<double?> _delay = Values.Number(
        "--delay-us",
        "US",
        Invariant($"Time of a message without content on that link, in microseconds ({DefaultDelayUs})"),
        new NumberRange(0, 1_000_000)
    );

    /// <summary>Both options.</summary>
    public IReadOnlyList<Option> Options => [_bandwidth, _delay];

    /// <summary>The link that the options describe, if they do.</summary>
    /// <exception cref="InvalidInputException">A link's delay is given without its bandwidth.</exception>
    public Link? Given(ParseResult parse)
    {
        if (parse.GetValue(_bandwidth) is not null)
        {
            return Of(parse);
        }

        return parse.GetValue(_delay) is null
            ? null
            : throw new InvalidInputException(
                $"{_delay.Name} needs the bandwidth of the link: add {_bandwidth.Name}, such as {_bandwidth.Name} 10"
            );
    }

    /// <summary>The link that the options describe, or the usual one.</summary>
    public Link Of(ParseResult parse) =>
        new(
            (parse.GetValue(_bandwidth) ?? DefaultGbit) * BytesPerGbit,
            (parse.GetValue(_delay) ?? DefaultDelayUs) / 1e6
        );
}
