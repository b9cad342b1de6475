using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Proxyless;

/// <summary>Writes options as YAML under the names of the command line, so that <c>--config</c> reads them back.</summary>
public static class RunConfigFile
{
    private const string LatencyName = "latency";

    /// <summary>Writes <c>config.yaml</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The options; what is null is left out.</param>
    public static void Write(string path, RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ISerializer serializer = new SerializerBuilder()
            .WithNamingConvention(HyphenatedNamingConvention.Instance)
            .WithEnumNamingConvention(HyphenatedNamingConvention.Instance)
            .WithTypeConverter(new TimeConverter())
            .WithAttributeOverride<RunOptions>(run => run.LatencyMs!, new YamlMemberAttribute { Alias = LatencyName, ApplyNamingConventions = false })
            .WithAttributeOverride<RunOptions>(run => run.Resume, new YamlIgnoreAttribute())
            .WithAttributeOverride<RunOptions>(run => run.Overwrite, new YamlIgnoreAttribute())
            .ConfigureDefaultValuesHandling(DefaultValuesHandling.OmitNull)
            .Build();
        AtomicFile.WriteAllText(path, serializer.Serialize(options));
    }

    /// <summary>Reads the <c>config.yaml</c> of a run; <see cref="RunOptions.Out"/> is the folder that it stands in.</summary>
    /// <exception cref="InvalidInputException">The file is missing or no such file; the message names the line.</exception>
    public static RunOptions Read(string path)
    {
        IDeserializer deserializer = new DeserializerBuilder()
            .WithNamingConvention(HyphenatedNamingConvention.Instance)
            .WithEnumNamingConvention(HyphenatedNamingConvention.Instance)
            .WithTypeConverter(new TimeConverter())
            .WithAttributeOverride<RunOptions>(run => run.LatencyMs!, new YamlMemberAttribute { Alias = LatencyName, ApplyNamingConventions = false })
            .Build();
        try
        {
            RunOptions options = deserializer.Deserialize<RunOptions>(File.ReadAllText(path)) ?? new RunOptions();

            // A run is where its configuration is, also where its folder has been moved.
            return options.Out is null ? options : options with { Out = Path.GetDirectoryName(Path.GetFullPath(path)) };
        }
        catch (YamlException exception)
        {
            string reason = exception.InnerException?.Message ?? exception.Message;
            throw new InvalidInputException($"{path}:{exception.Start.Line}: {reason}", exception);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidInputException($"{path} does not exist", exception);
        }
    }

    private sealed class TimeConverter : IYamlTypeConverter
    {
        public bool Accepts(Type type) => type == typeof(TimeSpan) || type == typeof(TimeSpan?);

        public object? ReadYaml(IParser parser, Type type, ObjectDeserializer rootDeserializer)
        {
            string text = parser.Consume<Scalar>().Value;
            return text.EndsWith('s') && double.TryParse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture, out double seconds)
                ? TimeSpan.FromSeconds(seconds)
                : throw new FormatException($"'{text}' is no time in seconds such as 3600s");
        }

        public void WriteYaml(IEmitter emitter, object? value, Type type, ObjectSerializer serializer)
        {
            string text = value is TimeSpan time ? $"{time.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s" : "";
            emitter.Emit(new Scalar(text));
        }
    }
}
