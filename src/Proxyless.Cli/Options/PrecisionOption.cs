using System.CommandLine;
using Proxyless.Latency;
using Proxyless.Runs;

namespace Proxyless.Cli.Options;

/// <summary>What a model computes with: <c>--precision</c>.</summary>
/// <param name="description">What it does in a command, and the default.</param>
internal sealed class PrecisionOption(string description)
{
    /// <summary>The words of the option.</summary>
    private enum Precision
    {
        Float,
        Int8,
    }

    private readonly Option<Precision?> _option = Values.Choice("--precision", description, Values.Words<Precision>());

    /// <summary>The option, for the command to add.</summary>
    public Option Option => _option;

    /// <summary>Whether integers are asked for.</summary>
    public bool IsInteger(ParseResult parse) => parse.GetValue(_option) == Precision.Int8;

    /// <summary>The options of an evaluation: a run's model of integers is the one for a target for integers.</summary>
    /// <param name="parse">The given options.</param>
    /// <param name="model">A run's folder, or a file.</param>
    /// <param name="begun">The options of the run.</param>
    /// <param name="options">The same with those that are given, without the precision.</param>
    /// <exception cref="InvalidInputException">It is a file, or the target that is given contradicts.</exception>
    public RunOptions ForModelOf(ParseResult parse, string model, RunOptions begun, RunOptions options)
    {
        if (parse.GetValue(_option) is not { } precision)
        {
            return options;
        }

        if (!Directory.Exists(model))
        {
            throw new InvalidInputException(
                $"{_option.Name} chooses between the models of a run, and '{model}' is a file; leave the option out"
            );
        }

        // The target of a run for integers is not meant where its model of floats is asked for.
        if (options.Target.Name != begun.Target.Name)
        {
            RequireNoContradiction(parse, options);
        }

        return Named(options, precision == Precision.Int8 ? IntegerModels.Of : IntegerModels.Without);
    }

    /// <summary>
    /// The options of a run that is resumed as they were given, if it was begun with <c>--precision int8</c>: to
    /// compare them with those that are given now.
    /// </summary>
    /// <param name="parse">The given options.</param>
    /// <param name="begun">The options of the run.</param>
    /// <exception cref="InvalidInputException">
    /// Integers are asked for, and the run is one for models of floats.
    /// </exception>
    public RunOptions Unapply(ParseResult parse, RunOptions begun) =>
        !IsInteger(parse) ? begun
        : TargetsOf(begun).All(IntegerModels.Is) ? Named(begun, IntegerModels.Without)
        : throw new InvalidInputException(
            $"--resume goes on with a run for models of floats, and cannot change {_option.Name}; leave that out, or "
                + "begin another run"
        );

    /// <summary>The options of a run whose limits are those of integer models, if integers are asked for.</summary>
    /// <param name="parse">The given options.</param>
    /// <param name="options">The options of the run.</param>
    /// <exception cref="InvalidInputException">A target is of the other precision.</exception>
    public RunOptions Apply(ParseResult parse, RunOptions options)
    {
        if (parse.GetValue(_option) is not { } precision)
        {
            return options;
        }

        RequireNoContradiction(parse, options);
        return precision == Precision.Float ? options : Named(options, IntegerModels.Of);
    }

    /// <summary>Refuses floats for a target for integers.</summary>
    /// <param name="parse">The given options.</param>
    /// <param name="options">The options of the run.</param>
    public void RequireNoContradiction(ParseResult parse, RunOptions options)
    {
        if (
            parse.GetValue(_option) == Precision.Float
            && Array.Find(TargetsOf(options), IntegerModels.Is) is { } integers
        )
        {
            throw new InvalidInputException(
                $"{_option.Name} is 'float', and the target '{integers}' is one for integer models"
            );
        }
    }

    private static string[] TargetsOf(RunOptions options) =>
        [options.Target.Name, .. TargetLimit.ParseAll(options.Target.AlsoFor).Select(limit => limit.Target)];

    private static RunOptions Named(RunOptions options, Func<string, string> name) =>
        options with
        {
            Target = options.Target with
            {
                Name = name(options.Target.Name),
                AlsoFor = TargetLimit.Join([
                    .. TargetLimit
                        .ParseAll(options.Target.AlsoFor)
                        .Select(limit => limit with { Target = name(limit.Target) }),
                ]),
            },
        };
}
